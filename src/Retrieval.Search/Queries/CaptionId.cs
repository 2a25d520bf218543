using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>Ids of captions: the image's id, <c>#</c>, and the caption's position among the image's captions, from 0.</summary>
internal static class CaptionId
{
    public static string Of(string imageId, int position) => string.Create(CultureInfo.InvariantCulture, $"{imageId}#{position}");

    /// <exception cref="NotFoundException">The id does not have that form, so no caption has it.</exception>
    public static (string ImageId, int Position) Parse(string captionId)
    {
        // The last one: an image's id may itself contain the character.
        var sign = captionId.LastIndexOf('#');
        return sign > 0
            && int.TryParse(captionId.AsSpan(sign + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            && captionId == Of(captionId[..sign], position)
            ? (captionId[..sign], position)
            : throw new NotFoundException("caption", captionId);
    }
}
