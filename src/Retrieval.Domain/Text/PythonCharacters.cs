using System.Buffers;

namespace Retrieval.Domain.Text;

/// <summary>
/// Character classes of Python's <c>re</c> module and of <c>str.strip()</c>, which differ from .NET's, for texts in which
/// <see cref="SupplementaryCharacters"/> have stand-ins.
/// </summary>
internal static class PythonCharacters
{
    /// <summary>What stands for <c>\w</c> within brackets: letters, all numbers and the underscore; no marks, no connectors.</summary>
    public const string Word = @"\p{L}\p{N}_\uD800\uD801";

    /// <summary>What stands for <c>\d</c> within brackets.</summary>
    public const string Digit = @"\p{Nd}\uD801";

    /// <summary>What stands for <c>\s</c> within brackets; it has U+001C to U+001F.</summary>
    public const string Space = @"\t-\r\x1C- \x85\xA0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000";

    /// <summary>The same white space one by one.</summary>
    public static readonly char[] WhiteSpace =
    [
        '\t', '\n', '\v', '\f', '\r', '\x1C', '\x1D', '\x1E', '\x1F', ' ', '\x85', '\xA0', '\u1680', '\u2000', '\u2001',
        '\u2002', '\u2003', '\u2004', '\u2005', '\u2006', '\u2007', '\u2008', '\u2009', '\u200A', '\u2028', '\u2029',
        '\u202F', '\u205F', '\u3000',
    ];

    /// <summary><c>string.whitespace</c>, which is ASCII alone.</summary>
    public static readonly SearchValues<char> AsciiWhiteSpace = SearchValues.Create(" \t\n\r\v\f");
}
