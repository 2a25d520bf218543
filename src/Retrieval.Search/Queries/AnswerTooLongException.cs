using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>An answer would be longer than an answer may be; nothing of it was written. The message is for the caller.</summary>
/// <param name="bytes">Bytes it would have, at least.</param>
/// <param name="most">Bytes an answer may have.</param>
/// <param name="advice">What makes it shorter, for the person who asked.</param>
/// <param name="field">The member of the request that does; null if there is none.</param>
public sealed class AnswerTooLongException(long bytes, long most, string advice, string? field)
    : RetrievalException(string.Create(CultureInfo.InvariantCulture, $"the answer takes {bytes} bytes or more; expected at most {most} (Search:MaxAnswerBytes): {advice}"))
{
    /// <summary>The member of the request that makes the answer shorter; null if there is none.</summary>
    public string? Field { get; } = field;

    /// <summary>Of a search, whose hits are too long.</summary>
    public static AnswerTooLongException OfHits(long bytes, long most) => new(bytes, most, "lower top", "top");

    /// <summary>Of an image, whose texts are too long.</summary>
    public static AnswerTooLongException OfImage(long bytes, long most) =>
        new(bytes, most, "the image was stored before there were bounds on its texts; store it again with shorter ones", null);
}
