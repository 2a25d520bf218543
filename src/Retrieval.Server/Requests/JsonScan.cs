using System.Buffers;
using System.Text.Json;

namespace Retrieval.Server.Requests;

/// <summary>Reads through a JSON text once without storing any of it.</summary>
internal static class JsonScan
{
    private static ReadOnlySpan<byte> DeadlineMember => "deadlineMs"u8;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The text without a leading byte order mark.</summary>
    public static ReadOnlySequence<byte> WithoutMark(ReadOnlySequence<byte> text)
    {
        var reader = new SequenceReader<byte>(text);
        return reader.IsNext(ByteOrderMark) ? text.Slice(ByteOrderMark.Length) : text;
    }

    /// <summary>The deadline in the object, in milliseconds; null if there is none, or it cannot be one.</summary>
    /// <exception cref="JsonException">The text is not one JSON value, or nests too deep.</exception>
    public static int? Deadline(ReadOnlySequence<byte> text, int maxDepth)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = maxDepth });
        int? deadline = null;
        var named = false;
        while (reader.Read())
        {
            if (named)
            {
                deadline = reader.TokenType == JsonTokenType.Number && WholeNumber.TryRead(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan, out var found) && found > 0 ? found : null;
            }

            named = reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && NamesDeadline(ref reader);
        }

        return deadline;
    }

    private static bool NamesDeadline(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.ValueTextEquals(DeadlineMember);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair in escapes: not a valid text, so not a known name. The parser refuses it with its location.
            return false;
        }
    }
}
