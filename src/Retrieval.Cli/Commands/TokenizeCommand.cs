using System.Text.Encodings.Web;
using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Text;
using Retrieval.Inference.Bundles;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Input;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval tokenize</c>: converts captions to words, and with a bundle to its token ids.</summary>
internal static class TokenizeCommand
{
    private const string Source = "standard input";

    private static readonly JsonSerializerOptions Lines = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static CliCommand Create()
    {
        var bundle = CommonOptions.Folder("--bundle", "Also give the token ids and unknown words of this bundle");
        bundle.Required = false;
        var command = new CliCommand("tokenize", "Split captions into words as the models' training did: a caption a line on standard input, a JSON array a line on standard output.")
        {
            Options = { bundle },
            Examples =
            [
                "echo \"A man isn't riding, is he?\" | retrieval tokenize",
                "retrieval tokenize --bundle models/scenes/bundle < captions.txt",
            ],
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(bundle), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string? bundle, CancellationToken cancellationToken)
    {
        var lines = new Utf8Lines(Console.OpenStandardInput(), Source);
        var encoder = bundle is null ? null : EncoderOf(VerifiedBundle.Read(bundle));
        using var output = new BufferedStream(Console.OpenStandardOutput(), 64 << 10);
        try
        {
            while (await lines.FillAsync(cancellationToken).ConfigureAwait(false))
            {
                while (lines.TryRead(out var line))
                {
                    await WriteAsync(output, encoder, line, lines.Number, cancellationToken).ConfigureAwait(false);
                }

                // A program that sends one caption and waits for its tokens must receive them.
                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }

        return 0;
    }

    private static async Task WriteAsync(Stream output, CaptionEncoder? encoder, string line, long number, CancellationToken cancellationToken)
    {
        if (encoder is null)
        {
            await JsonSerializer.SerializeAsync(output, TreebankTokenizer.Tokenize(line), Lines, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await JsonSerializer.SerializeAsync(output, Encode(encoder, line, number), Lines, cancellationToken).ConfigureAwait(false);
        }

        output.WriteByte((byte)'\n');
    }

    private static EncodedLine Encode(CaptionEncoder encoder, string line, long number)
    {
        if (TreebankTokenizer.Tokenize(line).Length == 0)
        {
            return new EncodedLine([], [], [], false);
        }

        try
        {
            var caption = encoder.Encode(line);
            return new EncodedLine(caption.Tokens, caption.TokenIds, caption.UnknownTokens, caption.Truncated);
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidInputException(exception.Reason, Source, number, innerException: exception);
        }
    }

    private static CaptionEncoder EncoderOf(VerifiedBundle bundle)
    {
        var file = bundle.Manifest.VocabularyFile;
        using var stream = new MemoryStream(bundle.Content(file), writable: false);
        return new CaptionEncoder(Vocabulary.Read(stream, file), bundle.Manifest.Tokens);
    }

    private sealed record EncodedLine(string[] Tokens, long[] Ids, string[] Unknown, bool Truncated);
}
