using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>Range of a whole number in a request, or of the number of its items.</summary>
/// <param name="Least">Minimum.</param>
/// <param name="Most">Maximum.</param>
public readonly record struct WholeNumberBound(int Least, int Most)
{
    /// <summary>The expected range, in words.</summary>
    public string Expected => string.Create(CultureInfo.InvariantCulture, $"a whole number from {Least} to {Most}");

    /// <summary>Returns the number if it is within the range.</summary>
    /// <param name="value">The number.</param>
    /// <param name="field">The field that holds it.</param>
    /// <exception cref="InvalidInputException">It is out of range; names the field.</exception>
    public int Check(int value, string field) => value >= Least && value <= Most
        ? value
        : throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"found {value}; expected {Expected}"), field: field);

    /// <summary>Refuses too few items, and too many.</summary>
    /// <param name="count">Number of items.</param>
    /// <param name="field">The field that holds them.</param>
    /// <exception cref="InvalidInputException">Too few, or too many; names the field.</exception>
    public void CheckCount(int count, string field)
    {
        if (count < Least || count > Most)
        {
            var expected = Least == 0 ? "at most" : string.Create(CultureInfo.InvariantCulture, $"{Least} to");
            throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"has {count} items; expected {expected} {Most}"), field: field);
        }
    }
}
