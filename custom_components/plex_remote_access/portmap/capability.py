"""What a router can do, as it shows when it is asked; nothing is mapped."""

import asyncio
from typing import Any

from .model import Mapper, PortMapError, Target
from .router import Router
from .upnp import UpnpMapper


async def capabilities(router: Router, target: Target) -> dict[str, Any]:
    """Return for each protocol whether the router speaks it for a target, and how."""
    mappers = router.mappers(target)
    answers = await asyncio.gather(*(_ask(mapper) for mapper in mappers))
    return {
        mapper.method: answer for mapper, answer in zip(mappers, answers, strict=True)
    }


async def _ask(mapper: Mapper) -> dict[str, Any]:
    """Return what one protocol has to say, and what was learnt in it before."""
    learnt = mapper.learnt if isinstance(mapper, UpnpMapper) else {}
    try:
        await mapper.probe()
    except PortMapError as err:
        return {"answers": False, "reason": err.reason, "detail": err.detail, **learnt}
    if isinstance(mapper, UpnpMapper):
        learnt = mapper.learnt
    return {"answers": True, **learnt}
