using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>Names of captions: the image's id, <c>#</c>, the caption's place among the image's captions, from 0.</summary>
internal static class CaptionId
{
    public static string Of(string imageId, int position) => string.Create(CultureInfo.InvariantCulture, $"{imageId}#{position}");

    /// <exception cref="NotFoundException">Not of that form, so no caption has it.</exception>
    public static (string ImageId, int Position) Parse(string captionId)
    {
        // The last one: an image's id may itself hold the sign.
        var sign = captionId.LastIndexOf('#');
        return sign > 0
            && int.TryParse(captionId.AsSpan(sign + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            && captionId == Of(captionId[..sign], position)
            ? (captionId[..sign], position)
            : throw new NotFoundException("caption", captionId);
    }
}
