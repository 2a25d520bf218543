using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Retrieval.Terminal.Output;

namespace Retrieval.Bench.Load;

/// <summary>The measured server, as it describes itself.</summary>
/// <param name="Model">Name and shortened fingerprint.</param>
/// <param name="Precision">E.g. <c>float32</c>.</param>
/// <param name="Provider">Where it computes.</param>
/// <param name="Shortlist">Where shortlists come from.</param>
/// <param name="Images">Images in its index.</param>
/// <param name="Captions">Captions in its index.</param>
internal sealed record ServerFacts(string Model, string Precision, string Provider, string Shortlist, long Images, long Captions)
{
    /// <summary>Queries the server.</summary>
    /// <exception cref="LoadException">It does not answer, or is not ready; includes the server's reasons.</exception>
    public static async Task<ServerFacts> ReadAsync(HttpClient http, CancellationToken cancellationToken)
    {
        var server = http.BaseAddress!;
        try
        {
            using var ready = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken).ConfigureAwait(false);
            if (!ready.IsSuccessStatusCode)
            {
                var said = await ready.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
                throw new LoadException(server, $"/health/ready answers {(int)ready.StatusCode}; expected a server that is ready. It says: {Safe.Line(said)}");
            }

            using var described = await http.GetAsync(new Uri("/v1/model", UriKind.Relative), cancellationToken).ConfigureAwait(false);
            if (described.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            {
                throw new LoadException(server, $"/v1/model answers {(int)described.StatusCode}; expected a key or token of the role query, from --api-key-file");
            }

            var model = await described.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(cancellationToken).ConfigureAwait(false);
            var index = model.GetProperty("index");
            return new ServerFacts(
                Text(model, "model"), Text(model, "precision"), Text(model, "provider"), Text(model, "shortlist"),
                index.GetProperty("images").GetInt64(), index.GetProperty("captions").GetInt64());
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new LoadException(server, $"no server of this API answers there: {exception.Message}", exception);
        }
    }

    private static string Text(JsonElement model, string name) =>
        model.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? Safe.Line(value.GetString()!) : "";
}
