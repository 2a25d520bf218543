using System.Text.RegularExpressions;

namespace Retrieval.Features.Captions;

/// <summary>
/// What two names of one image have in common: <c>COCO_val2014_000000391895.jpg</c>, <c>000000391895</c> and <c>391895</c>;
/// <c>flickr30k/1000092795.jpg</c> and <c>1000092795</c>.
/// </summary>
internal static partial class ImageKeys
{
    /// <summary>The name without folders, without the ending of a picture or an array, and without COCO's prefix and leading zeros.</summary>
    public static string Of(string name)
    {
        var stem = Ending().Replace(name[(name.LastIndexOfAny(['/', '\\']) + 1)..], "");
        var number = Coco().Match(stem) is { Success: true } coco ? coco.Groups[1].Value : stem;
        return number.Length > 0 && number.All(char.IsAsciiDigit) ? number.TrimStart('0').PadLeft(1, '0') : stem;
    }

    [GeneratedRegex(@"(?<=.)\.(?:jpe?g|png|bmp|gif|webp|tiff?|np[yz])\z", RegexOptions.IgnoreCase)]
    private static partial Regex Ending();

    [GeneratedRegex(@"\ACOCO_[a-z]+[0-9]{4}_([0-9]{1,18})\z")]
    private static partial Regex Coco();
}
