using System.Globalization;
using Retrieval.Domain.Bundles;
using Retrieval.Search.Explaining;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Output;

/// <summary>An explained pair, for people.</summary>
internal static class ExplanationTable
{
    private const int Top = 3;
    private const int MostRegions = 10;
    private const int BarLength = 8;

    /// <param name="console">Where it is written.</param>
    /// <param name="pair">The explanation.</param>
    /// <param name="device">Where it was computed.</param>
    public static void Show(IAnsiConsole console, PairExplanation pair, DeviceView device)
    {
        var values = new PairValues(pair);
        console.Write(Tables.Facts(
            Safe.Line($"{pair.Model}: {pair.Image.Id ?? "an image by its features"} and {pair.Caption.Id ?? "a caption"}"),
            [
                ("caption", pair.Caption.Text),
                .. pair.Caption.UnknownTokens.Count == 0 ? Array.Empty<(string, string)>() : [("words the model does not know", string.Join(' ', pair.Caption.UnknownTokens))],
                .. pair.Caption.Truncated ? [("truncated", "the caption is longer than the model takes; words at its end were left out")] : Array.Empty<(string, string)>(),
                ("score", Units.Score(pair.Score)),
                ("coarse score", Units.Score(pair.Coarse.Score)),
                .. pair.RankingScores is { } ranking
                    ? [("ranking score, the image as a hit", Units.Score(ranking.TextToImage)), ("ranking score, the caption as a hit", Units.Score(ranking.ImageToText))]
                    : Array.Empty<(string, string)>(),
            ]));
        console.Write(OfWords(pair, values));
        if (values.OfRegions.Count > 0)
        {
            console.Write(OfRegions(pair, values));
        }

        foreach (var output in pair.Outputs)
        {
            console.WriteLine(Safe.Line($"{output.Name}: {output.Title}{(values.Others.Contains(output) ? $" ({string.Join(" × ", output.Shape)} numbers: --json has them)" : "")}"));
        }

        if (pair.Degraded is { } reason)
        {
            console.WriteLine($"less than was asked for: {reason}");
        }

        console.WriteLine($"computed on {device.Describe()}");
    }

    private static Table OfWords(PairExplanation pair, PairValues values)
    {
        // What is a share among the words stands with the regions.
        WordRegionValues[] between = [.. values.Between.Where(each => !each.IsOverWords)];
        var table = Tables.Titled(
            between.Length == 0 ? "words" : $"words, each with its {Top} largest values and their regions",
            ["#place", "word", .. values.OfWords.Select(output => output.Name), .. between.Select(each => each.Output.Name)]);
        for (var word = 0; word < pair.Caption.Tokens.Count; word++)
        {
            table.Add(
            [
                Units.Count(word),
                pair.Caption.Tokens[word],
                .. values.OfWords.Select(output => Bar(output, word)),
                .. between.Select(each => string.Join("; ", each.TopRegions(word, Top).Select(region => $"{Units.Fixed(each[word, region], 2)} {Region(pair, region)}"))),
            ]);
        }

        return table;
    }

    private static Table OfRegions(PairExplanation pair, PairValues values)
    {
        WordRegionValues[] between = [.. values.Between.Where(each => each.IsOverWords)];
        var order = values.OfRegions.FirstOrDefault(output => output.Kind == ExplainerKind.Importance.ToName()) ?? values.OfRegions[0];
        var table = Tables.Titled(
            $"regions with the largest {order.Name}{(between.Length == 0 ? "" : $", each with its {Top} largest values and their words")}",
            ["region", .. values.OfRegions.Select(output => output.Name), .. between.Select(each => each.Output.Name)]);
        foreach (var region in Enumerable.Range(0, order.Values.Length).OrderByDescending(region => order.Values[region]).Take(MostRegions))
        {
            table.Add(
            [
                Region(pair, region),
                .. values.OfRegions.Select(output => Bar(output, region)),
                .. between.Select(each => string.Join("; ", each.TopWords(region, Top).Select(word => $"{Units.Fixed(each[word, region], 2)} {pair.Caption.Tokens[word]}"))),
            ]);
        }

        return table;
    }

    private static string Region(PairExplanation pair, int region) => pair.Image.Boxes is { } boxes
        ? string.Create(CultureInfo.InvariantCulture, $"#{region} ({string.Join(' ', boxes[region].Select(corner => corner.ToString("G3", CultureInfo.InvariantCulture)))})")
        : string.Create(CultureInfo.InvariantCulture, $"#{region}");

    // A gate is open as far as it says; of anything else, the largest value fills the bar.
    private static string Bar(ExplainedValues output, int place)
    {
        var value = output.Values[place];
        var whole = output.Kind == ExplainerKind.Gate.ToName() ? 1 : output.Values.Max(Math.Abs);
        var filled = whole > 0 ? (int)Math.Round(Math.Clamp(value / whole, 0, 1) * BarLength) : 0;
        return $"{Units.Fixed(value, 3)} {new string('█', filled)}{new string('░', BarLength - filled)}";
    }
}
