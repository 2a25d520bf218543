using System.Text;
using Retrieval.Domain.Errors;

namespace Retrieval.Cli.Input;

/// <summary>A caption as a person gives it: the text of an option, or <c>-</c> for standard input.</summary>
internal static class CaptionInput
{
    private const string FromInput = "-";
    private const int LongestInput = 1 << 20;

    /// <summary>The caption.</summary>
    /// <param name="option">What the option says; null if it was not given.</param>
    /// <exception cref="InvalidInputException">Standard input is too long, or not UTF-8.</exception>
    public static string? Read(string? option) => option is FromInput ? ReadInput() : option;

    private static string ReadInput()
    {
        using var input = Console.OpenStandardInput();
        var bytes = new byte[LongestInput + 1];
        var length = input.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > LongestInput)
        {
            throw new InvalidInputException($"more than {LongestInput} bytes on standard input", field: "caption");
        }

        try
        {
            var text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
            return text.EndsWith('\n') ? text[..^1].TrimEnd('\r') : text;
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidInputException($"not UTF-8: byte 0x{exception.BytesUnknown?[0]:X2} at byte {exception.Index} of standard input", field: "caption", innerException: exception);
        }
    }
}
