using System.Globalization;
using System.Text.Json;

namespace Retrieval.Search.Explaining;

/// <summary>Size of the picture that an image's regions were found in.</summary>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
public sealed record PictureSize(int Width, int Height)
{
    // As detectors' files name them; ingestion takes them over as metadata, as numbers; as texts before there were numbers.
    private const string WidthKey = "image_w";
    private const string HeightKey = "image_h";

    /// <summary>The size in an image's metadata; null if it has none, or none that is a size.</summary>
    internal static PictureSize? Of(JsonElement? metadata) =>
        metadata is { } found && Number(found, WidthKey) is { } width && Number(found, HeightKey) is { } height ? new PictureSize(width, height) : null;

    private static int? Number(JsonElement metadata, string key) =>
        metadata.TryGetProperty(key, out var value) && value.ValueKind is JsonValueKind.Number or JsonValueKind.String
        && int.TryParse(value.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : null;
}
