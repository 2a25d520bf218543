using System.Text.RegularExpressions;

namespace Retrieval.Server.Access.Keys;

/// <summary>Names of keys: they stand in logs and are labels of metrics.</summary>
public static partial class KeyName
{
    /// <summary>What a name has to be, for messages.</summary>
    public const string Expected = "a name of 1 to 64 letters, digits, '.', '-' and '_' of ASCII that begins with a letter or digit";

    /// <summary>Whether a text is a name.</summary>
    public static bool IsValid(string? text) => text is not null && Form().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex Form();
}
