using Retrieval.Domain.Errors;
using SkiaSharp;

namespace Retrieval.Features.Pictures;

/// <summary>Small copies of pictures.</summary>
public static class Thumbnail
{
    private const int Quality = 80;

    // Of WebP.
    private const int MostHeight = 16_383;

    /// <summary>A picture as WebP, at most so wide, and as high as WebP allows; one that is not larger keeps its size.</summary>
    /// <param name="file">Its file, seekable.</param>
    /// <param name="name">What an error calls it.</param>
    /// <param name="width">Widest, in pixels.</param>
    /// <exception cref="InvalidInputException">It is no picture, cut off, or too large.</exception>
    public static byte[] Of(Stream file, string name, int width)
    {
        using var picture = PictureFile.Read(file, name);
        var scale = Math.Min((double)width / picture.Width, (double)MostHeight / picture.Height);
        if (scale >= 1)
        {
            return Encoded(picture, name);
        }

        var size = new SKImageInfo(Scaled(picture.Width, scale), Scaled(picture.Height, scale), picture.ColorType, picture.AlphaType);
        using var small = picture.Resize(size, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear)) ?? throw Refused(name);
        return Encoded(small, name);
    }

    private static int Scaled(int length, double scale) => Math.Max(1, (int)Math.Round(length * scale));

    private static InvalidInputException Refused(string name) => new("cannot be made into a thumbnail", name);

    private static byte[] Encoded(SKBitmap picture, string name)
    {
        using var data = picture.Encode(SKEncodedImageFormat.Webp, Quality) ?? throw Refused(name);
        return data.ToArray();
    }
}
