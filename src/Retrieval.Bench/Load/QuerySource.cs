using System.Net.Http.Json;
using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Terminal.Input;

namespace Retrieval.Bench.Load;

/// <summary>
/// Supplies the queries: from files, if given; otherwise from the server's own corpus. A few general captions find images on the
/// server, and the captions of those images become the queries.
/// </summary>
internal static class QuerySource
{
    private const int MostLines = 100_000;
    private const int MostImages = 128;
    private const int HitsOfSeed = 50;

    // A few words each, on many subjects: for any corpus they find the nearest images, and these differ.
    private static readonly string[] Seeds =
    [
        "a man", "two women talking", "children playing", "a dog on grass", "a cat", "a bird in a tree", "a horse", "a car on a street",
        "a train", "a boat on water", "people eating food", "a table with a plate", "a kitchen", "a bed in a room", "a building", "snow on a mountain",
        "a person riding a bicycle", "someone throwing a ball", "a red cube", "a small blue sphere", "a green star", "a striped yellow box",
        "a dull grey cylinder and a shiny purple diamond", "several objects",
    ];

    /// <summary>Reads the files or queries the server.</summary>
    /// <exception cref="LoadException">The server supplies no queries.</exception>
    /// <exception cref="InvalidInputException">A file has no line, or is not UTF-8.</exception>
    public static async Task<QueryMix> ReadAsync(LoadOptions options, HttpClient http, CancellationToken cancellationToken)
    {
        var captions = options.Captions is { } file ? await LinesAsync(file, cancellationToken).ConfigureAwait(false) : null;
        var ids = options.Ids is { } list ? await LinesAsync(list, cancellationToken).ConfigureAwait(false) : null;
        var wantsCaptions = options.Kind != QueryKind.Captions && captions is null;
        var wantsIds = options.Kind != QueryKind.Images && ids is null;
        if (wantsCaptions || wantsIds)
        {
            ids ??= await FindAsync(options, http, cancellationToken).ConfigureAwait(false);
            captions ??= wantsCaptions ? await DescribeAsync(options, http, ids, cancellationToken).ConfigureAwait(false) : [];
        }

        return new QueryMix(options.Kind, captions ?? [], ids ?? [], options);
    }

    private static async Task<List<string>> FindAsync(LoadOptions options, HttpClient http, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        foreach (var seed in Seeds)
        {
            var answer = await AskAsync(options, () => PostAsync(http, seed, cancellationToken), cancellationToken).ConfigureAwait(false);
            ids.AddRange(answer.GetProperty("hits").EnumerateArray().Select(hit => hit.GetProperty("id").GetString()!));
        }

        ids = [.. ids.Distinct(StringComparer.Ordinal)];
        return ids.Count > 0 ? ids : throw new LoadException(options.Server, "its index has no images to ask with");
    }

    private static async Task<List<string>> DescribeAsync(LoadOptions options, HttpClient http, List<string> ids, CancellationToken cancellationToken)
    {
        var captions = new List<string>();
        var count = Math.Min(MostImages, ids.Count);
        foreach (var id in Enumerable.Range(0, count).Select(i => ids[(int)((long)i * ids.Count / count)]))
        {
            var path = new Uri($"/v1/images/{Uri.EscapeDataString(id)}", UriKind.Relative);
            var image = await AskAsync(options, () => http.GetAsync(path, cancellationToken), cancellationToken).ConfigureAwait(false);
            captions.AddRange(image.GetProperty("captions").EnumerateArray().Select(caption => caption.GetProperty("text").GetString()!));
        }

        captions = [.. captions.Distinct(StringComparer.Ordinal)];
        return captions.Count > 0 ? captions : [.. Seeds];
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient http, string caption, CancellationToken cancellationToken) =>
        http.PostAsJsonAsync(new Uri("/v1/search/images", UriKind.Relative), new { caption, top = HitsOfSeed, shortlist = HitsOfSeed }, cancellationToken);

    private static async Task<JsonElement> AskAsync(LoadOptions options, Func<Task<HttpResponseMessage>> ask, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await ask().ConfigureAwait(false);
            return response.IsSuccessStatusCode
                ? await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken).ConfigureAwait(false)
                : throw new LoadException(options.Server, $"asked what there is to ask with, it answers {(int)response.StatusCode}");
        }
        catch (HttpRequestException exception)
        {
            throw new LoadException(options.Server, $"asked what there is to ask with, it fails: {exception.Message}", exception);
        }
    }

    private static async Task<List<string>> LinesAsync(string path, CancellationToken cancellationToken)
    {
        var file = File.OpenRead(path);
        await using (file.ConfigureAwait(false))
        {
            var reader = new Utf8Lines(file, path);
            var lines = new List<string>();
            while (lines.Count < MostLines && await reader.FillAsync(cancellationToken).ConfigureAwait(false))
            {
                while (lines.Count < MostLines && reader.TryRead(out var line))
                {
                    if (!string.IsNullOrWhiteSpace(line))
                    {
                        lines.Add(line);
                    }
                }
            }

            return lines.Count > 0 ? lines : throw new InvalidInputException("has no line to ask with", path);
        }
    }
}
