using SkiaSharp;

namespace Retrieval.Cli.Drawing;

/// <summary>A colour for each word of a caption: words beside each other differ most.</summary>
internal static class WordColours
{
    // The golden angle: however many words there are, no two colours of neighbours are alike.
    private const float Angle = 137.508f;

    public static SKColor Of(int word) => SKColor.FromHsl(word * Angle % 360, 75, 42);
}
