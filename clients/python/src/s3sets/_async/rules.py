"""Saved rules, and what may be said in one: presets and vocabulary."""

from collections.abc import Iterable, Mapping

from s3sets._async.base import AsyncBase
from s3sets._calls import Call, Page, given, new_key, query, to_json
from s3sets.edits import edits
from s3sets.shapes import DeletedRule, Edit, Preset, PresetSummary, Rule, Vocabulary


class AsyncRules(AsyncBase):
    async def create_rule(
        self,
        name: str,
        preset_id: str,
        concepts: Mapping[str, Edit | str],
        *,
        protect: Iterable[str] | None = None,
        idempotency_key: str | None = None,
    ) -> Rule:
        """Saves edits under a name, for any number of sets. Raises LimitReached."""
        body = given(
            name=name,
            preset_id=preset_id,
            concepts=edits(concepts),
            protect=None if protect is None else list(protect),
        )
        call = Call("POST", "/rules", to_json(body), key=idempotency_key or new_key())
        said: Rule = await self._data(call)
        return said

    async def list_rules(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[Rule]:
        """A page of the user's rules, newest first."""
        return await self._page(Call("GET", "/rules", query=query(limit=limit, cursor=cursor)))

    async def get_rule(self, rule_id: str) -> Rule:
        """Raises NotFound."""
        said: Rule = await self._data(Call("GET", f"/rules/{rule_id}"))
        return said

    async def update_rule(
        self,
        rule_id: str,
        *,
        name: str | None = None,
        concepts: Mapping[str, Edit | str] | None = None,
        protect: Iterable[str] | None = None,
        idempotency_key: str | None = None,
    ) -> Rule:
        """Replaces what is given and leaves the rest. Jobs that were executed stay as they are."""
        body = given(
            name=name,
            concepts=None if concepts is None else edits(concepts),
            protect=None if protect is None else list(protect),
        )
        path = f"/rules/{rule_id}"
        call = Call("PUT", path, to_json(body), key=idempotency_key or new_key())
        said: Rule = await self._data(call)
        return said

    async def delete_rule(self, rule_id: str, *, idempotency_key: str | None = None) -> DeletedRule:
        """The slot is free at once."""
        call = Call("DELETE", f"/rules/{rule_id}", key=idempotency_key or new_key())
        said: DeletedRule = await self._data(call)
        return said

    async def list_presets(self) -> list[PresetSummary]:
        """The kinds of sets there are."""
        said: list[PresetSummary] = await self._data(Call("GET", "/presets", signed_in=False))
        return said

    async def get_preset(self, preset_id: str) -> Preset:
        """Its concepts, which of them the server finds, what it protects, and its templates."""
        said: Preset = await self._data(Call("GET", f"/presets/{preset_id}", signed_in=False))
        return said

    async def get_vocabulary(self) -> Vocabulary:
        """The colours, materials, textures and tones that an edit may name."""
        said: Vocabulary = await self._data(Call("GET", "/vocabulary", signed_in=False))
        return said
