"""Reading what a process tells of itself."""

from prometheus_client.parser import text_string_to_metric_families


def samples_of(text: str) -> dict[tuple[str, ...], float]:
    """(name, label values …) → value, labels in the order of their names; of each histogram
    `_count`, `_sum` and its buckets."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
