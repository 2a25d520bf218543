using Retrieval.Domain.Errors;
using Retrieval.Features.Files;

namespace Retrieval.Features.Captions;

/// <summary>Reads captions by image in the forms that circulate; docs/features.md lists them. A form is recognised by its content.</summary>
internal static class CaptionFile
{
    /// <summary>The longest text, in bytes: it is held in memory.</summary>
    public const long MaxBytes = 1L << 30;

    /// <summary>The longest JSON, which takes several times its length in memory.</summary>
    public const long MaxJsonBytes = 1L << 29;

    /// <summary>Reads all captions of a file.</summary>
    /// <param name="path">The file, compressed by gzip or not.</param>
    /// <param name="split">The split that is wanted; null for all.</param>
    /// <exception cref="InvalidInputException">The file has none of the forms, or not this split.</exception>
    public static CaptionTable Load(string path, string? split = null)
    {
        var table = IsJson(path) ? CaptionJson.Load(path) : CaptionLines.Load(path);
        if (split is not null && !table.Splits.Contains(split))
        {
            throw new InvalidInputException(
                table.Splits.Count == 0 ? $"{table.Form} has no splits, '{split}' was asked for" : $"the splits are {string.Join(", ", table.Splits)}, '{split}' was asked for",
                table.File, field: "split");
        }

        return table;
    }

    // A caption line begins with an id; no id of the forms begins with a brace.
    private static bool IsJson(string path)
    {
        using var stream = InputFile.OpenText(path);
        Span<byte> start = stackalloc byte[64];
        var read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        ReadOnlySpan<byte> text = start[..read];
        text = text.StartsWith("\uFEFF"u8) ? text[3..] : text;
        return path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".json.gz", StringComparison.OrdinalIgnoreCase)
            || text.TrimStart(" \t\r\n"u8).StartsWith("{"u8);
    }
}
