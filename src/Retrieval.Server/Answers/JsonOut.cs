using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Numerics;
using System.Text.Encodings.Web;

namespace Retrieval.Server.Answers;

/// <summary>
/// Writes UTF-8 JSON to a pipe in chunks, and waits while the reader has not consumed what was written: an answer needs the
/// same small amount of memory however long it is and however slowly it is read. Without a pipe it only counts, which gives
/// the length of an answer before its first byte. The caller writes the commas.
/// </summary>
/// <param name="target">A pipe, or a buffer that holds everything; null to count.</param>
internal sealed class JsonOut(IBufferWriter<byte>? target)
{
    // A block of the server's memory pool.
    private const int Piece = 4096;
    private const int MostUnflushed = 16 << 10;

    // The most that escaping makes of one byte: \u0000.
    private const int MostOfOne = 6;
    private const int LongestNumber = 32;

    /// <summary>Spare room that a buffer needs after the last byte: space is requested before it is known how much is used.</summary>
    public const int Slack = Piece;

    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
    private readonly byte[] _scratch = target is null ? ArrayPool<byte>.Shared.Rent(Piece) : [];
    private int _unflushed;

    /// <summary>Bytes written so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether enough has been written that <see cref="FlushAsync"/> should be awaited.</summary>
    public bool IsFull => _unflushed >= MostUnflushed;

    /// <summary>Writes bytes unchanged, at most one chunk of them.</summary>
    /// <returns>Number of bytes written.</returns>
    public int RawPiece(ReadOnlySpan<byte> json)
    {
        var taken = Math.Min(json.Length, MostUnflushed);
        Raw(json[..taken]);
        return taken;
    }

    /// <summary>Writes a short text unchanged.</summary>
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

    /// <summary>Writes a UTF-8 text, escaped as the content of a JSON string. The text is valid.</summary>
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

    /// <summary>Writes a finite number in its shortest form that reads back the same.</summary>
    public void Number<T>(T value)
        where T : struct, INumberBase<T>
    {
        if (!T.IsFinite(value))
        {
            throw new InvalidDataException("a number that is not finite cannot be written");
        }

        value.TryFormat(Span(LongestNumber), out var written, default, CultureInfo.InvariantCulture);
        Advance(written);
    }

    /// <summary>As <see cref="Number{T}(T)"/>; null where there is none.</summary>
    public void NumberOrNull<T>(T? value)
        where T : struct, INumberBase<T>
    {
        if (value is { } number)
        {
            Number(number);
        }
        else
        {
            Raw("null"u8);
        }
    }

    /// <summary>Passes on what was written, and waits until there is room for more.</summary>
    /// <exception cref="OperationCanceledException">The reader has disconnected, or took too long.</exception>
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

    /// <summary>Releases the buffer used for counting.</summary>
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
