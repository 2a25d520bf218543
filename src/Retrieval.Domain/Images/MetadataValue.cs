using System.Globalization;

namespace Retrieval.Domain.Images;

/// <summary>One value of an image's metadata: a text, a number or a boolean. A number is an exact decimal and keeps how it was written.</summary>
public sealed record MetadataValue
{
    // Numbers and booleans have their orders side by side, apart from each other.
    internal const string NumbersFrom = "n", NumbersBefore = "o";

    private MetadataValue(MetadataKind kind, string written, string? order) => (Kind, Written, Order) = (kind, written, order);

    /// <summary>Its type.</summary>
    public MetadataKind Kind { get; }

    /// <summary>A text itself; a number or a boolean as JSON writes it.</summary>
    public string Written { get; }

    /// <summary>
    /// A text that is equal for equal values and, compared ordinally, sorts as numbers do. Numbers and booleans never have the same.
    /// Null for a text: it is equal to itself only and has no order.
    /// </summary>
    public string? Order { get; }

    /// <summary>A text.</summary>
    public static MetadataValue Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new MetadataValue(MetadataKind.Text, text, null);
    }

    /// <summary>True or false.</summary>
    public static MetadataValue Of(bool value) => new(MetadataKind.Boolean, value ? "true" : "false", value ? "b1" : "b0");

    /// <summary>A whole number.</summary>
    public static MetadataValue Of(long number) => OfNumber(number.ToString(CultureInfo.InvariantCulture), out _)!;

    /// <summary>A number as JSON writes it.</summary>
    /// <param name="written">For example <c>2024</c>, <c>-1.50</c> or <c>2e3</c>.</param>
    /// <param name="reason">Why it is none, or is beyond <see cref="ImageBounds"/>; null if it can be used.</param>
    /// <returns>The number; null with a reason.</returns>
    public static MetadataValue? OfNumber(string written, out string? reason)
    {
        ArgumentNullException.ThrowIfNull(written);
        return NumberOrder.Of(written, out reason) is { } order ? new MetadataValue(MetadataKind.Number, written, NumbersFrom + order) : null;
    }

    /// <summary>The value as it is written.</summary>
    public override string ToString() => Written;
}
