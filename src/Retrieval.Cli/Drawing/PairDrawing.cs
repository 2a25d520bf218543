using Retrieval.Cli.Output;
using Retrieval.Search.Explaining;
using SkiaSharp;

namespace Retrieval.Cli.Drawing;

/// <summary>
/// An explained pair as a picture: each region in the colour of the word with the most attention on it, as opaque as that attention
/// is large, and below it the words in their colours. Words that attend to one region most share a colour, and stand on it.
/// </summary>
internal sealed class PairDrawing
{
    private const float MostFill = 0.45f;
    private const float TextSize = 20;
    private const float LabelSize = 14;
    private const float Padding = 4;
    private const float Margin = 12;
    private const float LineHeight = 30;
    private const int LongestWord = 24;
    private const int LongestLabel = 60;
    private const string Font = "DejaVuSans.subset.ttf";

    private static readonly SKColor Outline = new(128, 128, 128, 70);

    private readonly PairExplanation _pair;
    private readonly SKBitmap? _picture;
    private readonly BoxSpace _space;
    private readonly WordGroups _groups;

    /// <param name="pair">The explanation; its image has boxes.</param>
    /// <param name="picture">What is drawn on; null for an empty canvas.</param>
    public PairDrawing(PairExplanation pair, SKBitmap? picture)
    {
        _pair = pair;
        _picture = picture;
        _space = BoxSpace.Of(pair.Image, picture is null ? null : new SKSize(picture.Width, picture.Height));
        _groups = new WordGroups(pair.Caption.Tokens.Count, new PairValues(pair).Attention);
    }

    /// <summary>The picture as a PNG file.</summary>
    public byte[] ToPng()
    {
        using var typeface = SKTypeface.FromStream(typeof(PairDrawing).Assembly.GetManifestResourceStream(Font)!);
        using var font = new SKFont(typeface, TextSize);
        var lines = Lines(font);
        var height = _space.Height + (int)(Margin + (lines.Count * LineHeight) + Margin);
        using var surface = SKSurface.Create(new SKImageInfo(_space.Width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var canvas = surface.Canvas;
        canvas.Clear(SKColors.White);
        if (_picture is not null)
        {
            using var image = SKImage.FromBitmap(_picture);
            canvas.DrawImage(image, new SKRect(0, 0, _space.Width, _space.Height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        }

        DrawRegions(canvas);
        DrawLabels(canvas, typeface);
        DrawWords(canvas, font, lines);
        using var snapshot = surface.Snapshot();
        using var png = snapshot.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    private void DrawRegions(SKCanvas canvas)
    {
        using var paint = new SKPaint { IsAntialias = true };
        foreach (var (region, most) in Enumerable.Range(0, _pair.Image.Boxes!.Count).Select(region => (region, _groups.Most(region))).OrderBy(each => each.Item2?.Share))
        {
            var box = Box(region);
            paint.Style = SKPaintStyle.Stroke;
            paint.StrokeWidth = 1;
            paint.Color = Outline;
            canvas.DrawRect(box, paint);
            if (most is not var (word, share))
            {
                continue;
            }

            paint.StrokeWidth = 1 + (2 * share);
            paint.Color = _groups.Colour(word).WithAlpha((byte)(byte.MaxValue * share));
            canvas.DrawRect(box, paint);
            paint.Style = SKPaintStyle.Fill;
            paint.Color = _groups.Colour(word).WithAlpha((byte)(byte.MaxValue * MostFill * share));
            canvas.DrawRect(box, paint);
        }
    }

    private void DrawLabels(SKCanvas canvas, SKTypeface typeface)
    {
        using var paint = new SKPaint { IsAntialias = true };
        using var font = new SKFont(typeface, LabelSize);
        for (var region = 0; region < _pair.Image.Boxes!.Count; region++)
        {
            int[] words = [.. _groups.Of(region)];
            if (words.Length == 0)
            {
                continue;
            }

            var text = Short(string.Join(' ', words.Select(Word)), LongestLabel);
            var (width, height) = (font.MeasureText(text) + (2 * Padding), LabelSize + Padding);
            var left = Math.Clamp(Box(region).Left, 0, Math.Max(0, _space.Width - width));
            var top = Math.Clamp(Box(region).Top, 0, Math.Max(0, _space.Height - height));
            paint.Color = _groups.Colour(words[0]);
            canvas.DrawRect(left, top, width, height, paint);
            paint.Color = SKColors.White;
            canvas.DrawText(text, left + Padding, top + LabelSize, SKTextAlign.Left, font, paint);
        }
    }

    private void DrawWords(SKCanvas canvas, SKFont font, List<List<int>> lines)
    {
        using var paint = new SKPaint { IsAntialias = true };
        var baseline = _space.Height + Margin + TextSize;
        foreach (var line in lines)
        {
            var left = Margin;
            foreach (var word in line)
            {
                var width = font.MeasureText(Word(word));
                paint.Color = _groups.Colour(word);
                canvas.DrawText(Word(word), left, baseline, SKTextAlign.Left, font, paint);
                if (_pair.Caption.UnknownTokens.Contains(_pair.Caption.Tokens[word]))
                {
                    // Struck out: the model does not know it.
                    canvas.DrawLine(left, baseline - (TextSize / 3), left + width, baseline - (TextSize / 3), paint);
                }

                left += width + font.MeasureText(" ");
            }

            baseline += LineHeight;
        }
    }

    private List<List<int>> Lines(SKFont font)
    {
        List<List<int>> lines = [[]];
        var left = Margin;
        foreach (var word in _groups.Words)
        {
            var width = font.MeasureText(Word(word) + " ");
            if (left + width > _space.Width - Margin && lines[^1].Count > 0)
            {
                lines.Add([]);
                left = Margin;
            }

            lines[^1].Add(word);
            left += width;
        }

        return lines;
    }

    private SKRect Box(int region) => _space.Place(_pair.Image.Boxes![region]);

    private string Word(int word) => Short(_pair.Caption.Tokens[word], LongestWord);

    private static string Short(string text, int most) => text.Length <= most ? text : string.Concat(text.AsSpan(0, most - 1), "…");
}
