using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>Which whole numbers a member of a request may be, or how many items it may have.</summary>
/// <param name="Least">The least.</param>
/// <param name="Most">The most.</param>
public readonly record struct WholeNumberBound(int Least, int Most)
{
    /// <summary>What is expected, in words.</summary>
    public string Expected => string.Create(CultureInfo.InvariantCulture, $"a whole number from {Least} to {Most}");

    /// <summary>The number, where it is within.</summary>
    /// <param name="value">The number.</param>
    /// <param name="field">Where it was found.</param>
    /// <exception cref="InvalidInputException">It is not; names the field.</exception>
    public int Check(int value, string field) => value >= Least && value <= Most
        ? value
        : throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"found {value}; expected {Expected}"), field: field);

    /// <summary>Refuses too few items, and too many.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="field">Where they were found.</param>
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
