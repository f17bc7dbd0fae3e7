"""The whole product: a real Home Assistant, a real router, a real browser."""
