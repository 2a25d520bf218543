namespace Retrieval.Domain.Images;

/// <summary>A range of numbers, or one number or boolean: the values whose <see cref="MetadataValue.Order"/> lies in it, compared ordinally.</summary>
public sealed record ValueRange
{
    // Sorts before every character of an order, so that nothing lies between a value and the value with this behind it.
    private const char Next = '\u0001';

    private static readonly string[] EndNames = ["gt", "gte", "lt", "lte"];

    private ValueRange(string from, string before) => (From, Before) = (from, before);

    /// <summary>The first order of the range.</summary>
    public string From { get; }

    /// <summary>The first order behind the range.</summary>
    public string Before { get; }

    /// <summary>Whether it is one value only, whose order is <see cref="From"/>.</summary>
    public bool IsOne => Before == From + Next;

    /// <summary>Whether no value can lie in it.</summary>
    public bool IsEmpty => string.CompareOrdinal(From, Before) >= 0;

    /// <summary>The range of one value.</summary>
    /// <exception cref="ArgumentException">It is a text.</exception>
    public static ValueRange Of(MetadataValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var order = value.Order ?? throw new ArgumentException("a text has no order", nameof(value));
        return new ValueRange(order, order + Next);
    }

    /// <summary>A range of numbers.</summary>
    /// <param name="from">Its lower end; null for none.</param>
    /// <param name="to">Its upper end; null for none.</param>
    /// <param name="withFrom">Whether it contains its lower end.</param>
    /// <param name="withTo">Whether it contains its upper end.</param>
    /// <exception cref="ArgumentException">An end is no number.</exception>
    public static ValueRange Between(MetadataValue? from, MetadataValue? to, bool withFrom = true, bool withTo = true)
    {
        var low = from is null ? MetadataValue.NumbersFrom : End(from) + (withFrom ? "" : Next);
        var high = to is null ? MetadataValue.NumbersBefore : End(to) + (withTo ? Next : "");
        return new ValueRange(low, high);
    }

    /// <summary>The range that a request gives by its ends.</summary>
    /// <param name="ends">Numbers by the names <c>gt</c>, <c>gte</c>, <c>lt</c> and <c>lte</c>.</param>
    /// <param name="reason">Why they give none; null if they do.</param>
    public static ValueRange? Of(IReadOnlyDictionary<string, MetadataValue> ends, out string? reason)
    {
        ArgumentNullException.ThrowIfNull(ends);
        reason = ends.Keys.FirstOrDefault(name => !EndNames.Contains(name)) is { } unknown ? $"a range has no '{unknown}'; expected gt, gte, lt and lte"
            : ends.Count == 0 ? "the range has no end; expected gt, gte, lt or lte"
            : ends.Values.FirstOrDefault(end => end.Kind != MetadataKind.Number) is { } other ? $"an end of the range is {other.Written}; expected a number"
            : ends.ContainsKey("gt") && ends.ContainsKey("gte") ? "the range has gt and gte; expected one of them"
            : ends.ContainsKey("lt") && ends.ContainsKey("lte") ? "the range has lt and lte; expected one of them"
            : null;
        if (reason is not null)
        {
            return null;
        }

        var range = Between(
            ends.GetValueOrDefault("gt") ?? ends.GetValueOrDefault("gte"), ends.GetValueOrDefault("lt") ?? ends.GetValueOrDefault("lte"), ends.ContainsKey("gte"), ends.ContainsKey("lte"));
        reason = range.IsEmpty ? "no number lies in the range" : null;
        return range.IsEmpty ? null : range;
    }

    private static string End(MetadataValue value) =>
        value.Kind == MetadataKind.Number ? value.Order! : throw new ArgumentException($"{value.Written} is no number", nameof(value));
}
