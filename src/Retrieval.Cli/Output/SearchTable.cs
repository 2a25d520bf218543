using System.Text.Json;
using Retrieval.Search.Images;
using Retrieval.Search.Queries;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Output;

/// <summary>The answer to a search, for people.</summary>
internal static class SearchTable
{
    private const string None = "—";

    /// <param name="console">Where it is written.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="device">Where it was computed.</param>
    /// <param name="ranking">Whether the bundle orders hits by both stages. Without that, the rank by the score is the hit's.</param>
    /// <param name="images">Reads the images' captions.</param>
    public static void Show(IAnsiConsole console, SearchAnswer answer, DeviceView device, bool ranking, ImageReader images)
    {
        if (answer.Query is { } query)
        {
            console.WriteLine(Safe.Line($"read as: {string.Join(' ', query.Tokens)}"));
            if (query.UnknownTokens.Count > 0)
            {
                console.WriteLine(Safe.Line($"words the model does not know: {string.Join(' ', query.UnknownTokens)}"));
            }

            if (query.Truncated)
            {
                console.WriteLine("the caption is longer than the model takes; words at its end were left out");
            }
        }

        string[] ofRanking = ranking ? ["#ranking score"] : [];
        string[] ofScore = ranking ? ["#score rank"] : [];
        var table = Tables.Titled(
            $"{answer.Model}, {Units.Count(answer.Reranked)} of {Units.Count(answer.Shortlisted)} candidates reranked",
            ["#rank", "id", .. ofRanking, "#score", .. ofScore, "#coarse", "#coarse rank", "caption", "metadata"]);
        foreach (var hit in answer.Hits)
        {
            // An image is shown with its first caption: an id tells a person little.
            var caption = hit.Caption ?? images.Read(hit.ImageId).Captions.Select(known => known.Text).FirstOrDefault() ?? "";
            ofRanking = ranking ? [Number(hit.RankingScore)] : [];
            ofScore = ranking ? [hit.ScoreRank is { } rank ? Units.Count(rank) : None] : [];
            table.Add([Units.Count(hit.Rank), hit.Id, .. ofRanking, Number(hit.Score), .. ofScore, Units.Score(hit.Coarse.Score), Units.Count(hit.Coarse.Rank), caption, Describe(hit.Metadata)]);
        }

        if (answer.Hits.Count == 0)
        {
            console.WriteLine("nothing was found: the index is empty, no image has what the filter wants, or there are no more hits");
        }
        else
        {
            console.Write(table);
        }

        if (answer.Degraded is { } reason)
        {
            console.WriteLine($"less than was asked for: {reason}");
        }

        console.WriteLine(string.Join(", ", answer.Stages.Select(stage => $"{stage.Stage} {Units.Time(stage.Duration)}")));
        console.WriteLine($"computed on {device.Describe()}");
    }

    private static string Number(double? value) => value is { } number ? Units.Score(number) : None;

    private static string Describe(JsonElement? metadata) =>
        metadata is { } json ? string.Join(", ", json.EnumerateObject().Select(member => $"{member.Name}={(member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : member.Value.GetRawText())}")) : "";
}
