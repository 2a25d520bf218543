namespace Retrieval.Terminal.Output;

/// <summary>Makes text of unknown origin safe for a terminal: a caption may contain line breaks or escape sequences.</summary>
public static class Safe
{
    private const int LongestLine = 2000;

    /// <summary>One line without control characters, shortened if it is very long.</summary>
    public static string Line(string text)
    {
        var line = string.Create(Math.Min(text.Length, LongestLine), text, (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = source[i] is '\n' or '\r' or '\t' ? ' ' : char.IsControl(source[i]) ? '\uFFFD' : source[i];
            }
        });
        return text.Length > LongestLine ? line + "…" : line;
    }
}
