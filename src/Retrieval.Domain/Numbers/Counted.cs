using System.Globalization;

namespace Retrieval.Domain.Numbers;

/// <summary>Numbers of things in messages: "1 image", "2 images".</summary>
public static class Counted
{
    /// <summary>A number with what it counts.</summary>
    /// <param name="number">How many.</param>
    /// <param name="one">The word for one.</param>
    /// <param name="many">The word for any other number; null for <paramref name="one"/> with an s.</param>
    public static string Of(long number, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : many ?? one + "s")}");
}
