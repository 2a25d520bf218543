using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text.Encodings.Web;

namespace Retrieval.Server.Answers;

/// <summary>
/// Writes JSON in UTF-8 piece by piece into a pipe, and waits whenever the reader has not taken what was written: an answer
/// takes the same little memory however long it is and however slowly it is read. Without a pipe it only counts, which says how
/// long an answer will be before its first byte. The caller writes the commas.
/// </summary>
/// <param name="target">Where to, a pipe or a buffer that holds all of it; null to count.</param>
internal sealed class JsonOut(IBufferWriter<byte>? target)
{
    // A block of the server's memory pool.
    private const int Piece = 4096;
    private const int MostUnflushed = 16 << 10;

    // What escaping makes of one byte at most, \u0000.
    private const int MostOfOne = 6;
    private const int LongestNumber = 32;

    /// <summary>Room that a buffer needs behind the last byte: space is asked for before it is known how much is used.</summary>
    public const int Slack = Piece;

    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
    private readonly byte[] _scratch = target is null ? ArrayPool<byte>.Shared.Rent(Piece) : [];
    private int _unflushed;

    /// <summary>Bytes written so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether so much is written that <see cref="FlushAsync"/> should be awaited.</summary>
    public bool IsFull => _unflushed >= MostUnflushed;

    /// <summary>Writes bytes as they are, a piece of them at most.</summary>
    /// <returns>How many were taken.</returns>
    public int RawPiece(ReadOnlySpan<byte> json)
    {
        var taken = Math.Min(json.Length, MostUnflushed);
        Raw(json[..taken]);
        return taken;
    }

    /// <summary>Writes a short text as it is.</summary>
    public void Raw(ReadOnlySpan<byte> json)
    {
        if (target is null)
        {
            Bytes += json.Length;
            return;
        }

        while (!json.IsEmpty)
        {
            var piece = target.GetSpan(Math.Min(json.Length, Piece));
            var length = Math.Min(json.Length, piece.Length);
            json[..length].CopyTo(piece);
            Advance(length);
            json = json[length..];
        }
    }

    /// <summary>Writes what may stand between quotation marks for a text in UTF-8. The text is valid.</summary>
    public void Escaped(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            var status = Encoder.EncodeUtf8(text, Span(Math.Min(Piece, text.Length * MostOfOne)), out var consumed, out var written);
            Advance(written);
            text = text[consumed..];
            if (status == OperationStatus.InvalidData || (consumed == 0 && written == 0))
            {
                throw new InvalidDataException("a text that was found to be UTF-8 no longer is");
            }
        }
    }

    /// <summary>Writes a number.</summary>
    public void Number(long value)
    {
        Utf8Formatter.TryFormat(value, Span(LongestNumber), out var written);
        Advance(written);
    }

    /// <summary>Writes a finite number, as short as reads back the same.</summary>
    public void Number(float value)
    {
        if (!float.IsFinite(value))
        {
            throw new InvalidDataException("a number that is not finite cannot be written");
        }

        Utf8Formatter.TryFormat(value, Span(LongestNumber), out var written);
        Advance(written);
    }

    /// <summary>Hands on what was written, and waits until there is room for more.</summary>
    /// <exception cref="OperationCanceledException">The reader has left, or took too long.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        _unflushed = 0;
        if (target is PipeWriter pipe)
        {
            var flushed = await pipe.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (flushed.IsCanceled || flushed.IsCompleted)
            {
                throw new OperationCanceledException("the reader of the answer has left");
            }
        }
    }

    /// <summary>Gives back what counting took.</summary>
    public void End()
    {
        if (target is null)
        {
            ArrayPool<byte>.Shared.Return(_scratch);
        }
    }

    private Span<byte> Span(int bytes) => target is null ? _scratch : target.GetSpan(bytes);

    private void Advance(int bytes)
    {
        Bytes += bytes;
        if (target is not null)
        {
            _unflushed += bytes;
            target.Advance(bytes);
        }
    }
}
