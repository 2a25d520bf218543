namespace Retrieval.Domain.Images;

/// <summary>
/// What a filter asks of one key of the metadata. It holds if the key has one of the texts, or a number or boolean in one of the
/// ranges; of a list, if one of its items does. Without either, it never holds.
/// </summary>
public sealed record MetadataCondition
{
    /// <summary>Texts that are taken; a number or boolean is, too, if it is written like one of them.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];

    /// <summary>Numbers and booleans that are taken.</summary>
    public IReadOnlyList<ValueRange> Ranges { get; init; } = [];

    /// <summary>Takes any of these values.</summary>
    public static MetadataCondition Of(params IEnumerable<MetadataValue> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var all = values.ToList();
        return new MetadataCondition
        {
            Texts = [.. all.Where(value => value.Kind == MetadataKind.Text).Select(value => value.Written)],
            Ranges = [.. all.Where(value => value.Kind != MetadataKind.Text).Select(ValueRange.Of)],
        };
    }

    /// <summary>Takes any of these texts.</summary>
    public static MetadataCondition OfTexts(params IReadOnlyList<string> texts) => new() { Texts = texts };
}
