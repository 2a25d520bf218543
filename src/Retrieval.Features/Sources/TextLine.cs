using System.Text;

namespace Retrieval.Features.Sources;

/// <summary>A line of a text file.</summary>
/// <param name="Text">The line without its line break; empty if it cannot be read.</param>
/// <param name="Fault">Why it cannot be read, or null.</param>
internal readonly record struct TextLine(string Text, string? Fault)
{
    /// <summary>The longest line, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decodes the current line of a reader of lines of at most <see cref="MaxBytes"/>.</summary>
    public static TextLine Of(LineReader reader)
    {
        if (reader.IsTooLong)
        {
            return new TextLine("", $"a line of more than {MaxBytes} bytes");
        }

        try
        {
            return new TextLine(StrictUtf8.GetString(reader.Line), null);
        }
        catch (DecoderFallbackException e)
        {
            return new TextLine("", $"not UTF-8: byte 0x{e.BytesUnknown?[0]:X2} at byte {e.Index} of the line");
        }
    }
}
