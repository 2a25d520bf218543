using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Retrieval.Server.Tests.Hosting;

/// <summary>Requests and answers as they are on the wire.</summary>
internal static class Wire
{
    public static Task<HttpResponseMessage> AskAsync(this HttpClient client, string path) =>
        client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    public static async Task<(HttpResponseMessage Response, JsonObject Body)> PostAsync(this HttpClient client, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        var response = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        return (response, await response.JsonAsync());
    }

    public static async Task<HttpResponseMessage> PutAsync(this HttpClient client, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        return await client.PutAsync(new Uri(path, UriKind.Relative), content);
    }

    public static async Task<HttpResponseMessage> PutAsync(this HttpClient client, string path, byte[] npy)
    {
        using var content = new ByteArrayContent(npy);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-npy");
        return await client.PutAsync(new Uri(path, UriKind.Relative), content);
    }

    public static Task<HttpResponseMessage> RemoveAsync(this HttpClient client, string path) => client.DeleteAsync(new Uri(path, UriKind.Relative));

    /// <summary>The body of an answer with this status.</summary>
    public static async Task<JsonObject> BodyAsync(this HttpResponseMessage response, int status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"expected {status}, found {(int)response.StatusCode}: {text}");
        return JsonNode.Parse(text)!.AsObject();
    }

    public static async Task<JsonObject> AnswerAsync(this HttpClient client, string path, string json)
    {
        var (response, body) = await client.PostAsync(path, json);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path} {json}: {body}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return body;
    }

    public static async Task<JsonObject> JsonAsync(this HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();

    /// <summary>Checks that an answer is a problem, whole and without anything of the inside.</summary>
    public static async Task<JsonObject> ProblemAsync(this HttpResponseMessage response, int status, string? field = null)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"expected {status}, found {(int)response.StatusCode}: {text}");
        Assert.Equal(new MediaTypeHeaderValue("application/problem+json").MediaType, response.Content.Headers.ContentType?.MediaType);
        var problem = JsonNode.Parse(text)!.AsObject();
        Assert.Equal(status, (int)problem["status"]!);
        Assert.NotEmpty((string)problem["title"]!);
        Assert.NotEmpty((string)problem["detail"]!);
        Assert.NotEmpty((string)problem["traceId"]!);
        Assert.Equal(field, (string?)problem["field"]);
        foreach (var inside in new[] { "System.", "Retrieval.", "   at ", "Exception", "/tmp/", Repository.Root })
        {
            Assert.DoesNotContain(inside, text, StringComparison.Ordinal);
        }

        return problem;
    }

    public static string[] Names(this JsonNode node) => [.. node.AsObject().Select(member => member.Key)];
}
