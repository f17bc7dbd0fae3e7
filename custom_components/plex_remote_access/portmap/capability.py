"""What a router can do, as it shows when it is asked; nothing is mapped."""

import asyncio
from typing import Any

from .model import Mapper, PortMapError, Target
from .neighbours import other_routers
from .router import Router
from .upnp import UpnpMapper


async def capabilities(router: Router, target: Target) -> dict[str, Any]:
    """Return for each protocol whether the router speaks it for a target, and how.

    With the models of other routers on the link, which may stand between.
    """
    mappers = router.mappers(target)
    route = await router.find_route()
    others, *answers = await asyncio.gather(
        other_routers(router.session, route, router.ports.ssdp),
        *(_ask(mapper) for mapper in mappers),
    )
    return {
        **dict(zip((mapper.method for mapper in mappers), answers, strict=True)),
        "other_routers": [other.model for other in others],
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
