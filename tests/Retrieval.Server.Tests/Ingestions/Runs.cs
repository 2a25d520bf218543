using System.Text.Json.Nodes;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Ingestions;

/// <summary>Runs over HTTP in few words.</summary>
internal static class Runs
{
    /// <summary>Begins one; its path.</summary>
    public static async Task<string> BeginAsync(this RunningServer server, string order)
    {
        var (response, run) = await server.Client.PostAsync("/v1/ingestions", order);
        Assert.True((int)response.StatusCode == 202, run.ToJsonString());
        Assert.Equal($"/v1/ingestions/{run["id"]}", response.Headers.Location?.OriginalString);
        return response.Headers.Location!.OriginalString;
    }

    public static async Task<JsonObject> RunAsync(this RunningServer server, string path) => await (await server.Client.AskAsync(path)).BodyAsync(200);

    /// <summary>The run once it has ended in this state.</summary>
    public static async Task<JsonObject> EndedAsync(this RunningServer server, string path, string state)
    {
        JsonObject run = [];
        await Eventually.TrueAsync(async () => (string)(run = await server.RunAsync(path))["state"]! != "running", $"{path} ends");
        Assert.True((string)run["state"]! == state, run.ToJsonString());
        return run;
    }
}
