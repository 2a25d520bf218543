using System.Globalization;

namespace Retrieval.Domain.Bundles;

/// <summary>How many regions an image may have.</summary>
/// <param name="Fewest">The smallest number, at least 1.</param>
/// <param name="Most">The largest number, at least <paramref name="Fewest"/>.</param>
public readonly record struct RegionRange(int Fewest, int Most)
{
    /// <summary>Whether every image has the same number.</summary>
    public bool IsFixed => Fewest == Most;

    /// <summary>Exactly so many.</summary>
    public static implicit operator RegionRange(int count) => FromInt32(count);

    /// <summary>Exactly so many.</summary>
    public static RegionRange FromInt32(int count) => new(count, count);

    /// <summary>Whether an image may have so many.</summary>
    public bool Contains(long count) => count >= Fewest && count <= Most;

    /// <summary>E.g. <c>36</c> or <c>10 to 100</c>.</summary>
    public override string ToString() => IsFixed
        ? Most.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Fewest} to {Most}");
}
