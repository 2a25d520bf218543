using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>The answer would exceed the longest permitted answer; nothing of it was written. The message is for the caller.</summary>
/// <param name="bytes">Minimum size of the answer in bytes.</param>
/// <param name="most">Largest permitted size in bytes.</param>
/// <param name="advice">How the caller can make it shorter.</param>
/// <param name="field">The request member that makes it shorter; null if there is none.</param>
public sealed class AnswerTooLongException(long bytes, long most, string advice, string? field)
    : RetrievalException(string.Create(CultureInfo.InvariantCulture, $"the answer takes {bytes} bytes or more; expected at most {most} (Search:MaxAnswerBytes): {advice}"))
{
    /// <summary>The request member that makes the answer shorter; null if there is none.</summary>
    public string? Field { get; } = field;

    /// <summary>For a search whose hits are too long.</summary>
    public static AnswerTooLongException OfHits(long bytes, long most) => new(bytes, most, "lower top", "top");

    /// <summary>For an image whose texts are too long.</summary>
    public static AnswerTooLongException OfImage(long bytes, long most) =>
        new(bytes, most, "the image was stored before there were bounds on its texts; store it again with shorter ones", null);
}
