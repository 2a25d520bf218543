using Retrieval.Domain.Errors;

namespace Retrieval.Storage.Postgres.Indexes;

/// <summary>What an index of a catalog may be called: 1 to 63 lower-case letters, digits, dots, dashes and underscores, the first a letter or a digit.</summary>
public static class IndexName
{
    private const int Longest = 63;

    /// <exception cref="InvalidInputException">Not such a name.</exception>
    public static void Require(string name)
    {
        if (!IsValid(name))
        {
            throw new InvalidInputException($"'{name}' cannot name an index; expected 1 to {Longest} lower-case letters, digits, dots, dashes and underscores, beginning with a letter or a digit", field: "name");
        }
    }

    /// <summary>Whether it is such a name: no index has another.</summary>
    public static bool IsValid(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is > 0 and <= Longest && IsPlain(name[0]) && name.All(c => IsPlain(c) || c is '_' or '.' or '-');
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
}
