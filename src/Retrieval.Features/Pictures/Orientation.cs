using SkiaSharp;

namespace Retrieval.Features.Pictures;

/// <summary>Cameras write rows as the sensor has them, and beside them how the picture is to be turned.</summary>
internal static class Orientation
{
    /// <summary>The picture as it is to be seen; the one that is given is disposed of if it is not that.</summary>
    public static SKBitmap Upright(SKBitmap picture, SKEncodedOrigin origin)
    {
        if (origin is SKEncodedOrigin.TopLeft or SKEncodedOrigin.Default)
        {
            return picture;
        }

        using var turned = picture;
        var (width, height) = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft
            ? (turned.Width, turned.Height) : (turned.Height, turned.Width);
        var upright = new SKBitmap(new SKImageInfo(width, height, turned.ColorType, turned.AlphaType));
        using var canvas = new SKCanvas(upright);
        canvas.Clear(SKColors.Transparent);
        canvas.SetMatrix(origin switch
        {
            SKEncodedOrigin.TopRight => new SKMatrix(-1, 0, width, 0, 1, 0, 0, 0, 1),
            SKEncodedOrigin.BottomRight => new SKMatrix(-1, 0, width, 0, -1, height, 0, 0, 1),
            SKEncodedOrigin.BottomLeft => new SKMatrix(1, 0, 0, 0, -1, height, 0, 0, 1),
            SKEncodedOrigin.LeftTop => new SKMatrix(0, 1, 0, 1, 0, 0, 0, 0, 1),
            SKEncodedOrigin.RightTop => new SKMatrix(0, -1, width, 1, 0, 0, 0, 0, 1),
            SKEncodedOrigin.RightBottom => new SKMatrix(0, -1, width, -1, 0, height, 0, 0, 1),
            _ => new SKMatrix(0, 1, 0, -1, 0, height, 0, 0, 1),
        });
        canvas.DrawBitmap(turned, 0, 0, new SKSamplingOptions(SKFilterMode.Nearest));
        return upright;
    }
}
