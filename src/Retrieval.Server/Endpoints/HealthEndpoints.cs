using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Contracts;
using Retrieval.Server.Errors;
using Retrieval.Server.Further;
using Retrieval.Server.Health;
using Retrieval.Server.Logging;
using Retrieval.Server.OpenApi;

namespace Retrieval.Server.Endpoints;

/// <summary>Liveness and readiness: whether the process runs, and whether it can answer. Neither waits for anything.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup(HealthRoutes.Root).WithTags("Health").AllowAnonymous().WithMetadata(new QuietInLog()).ProducesCommonProblems();
        health.MapGet("/live", Live)
            .WithName("Live")
            .WithSummary("Whether the process lives")
            .WithDescription("200 while the process can answer at all, whatever the state of the model, the index and Postgres. Red only when this process cannot compute again: the context of its device is lost, a batch does not end within Limits:HungSeconds, or the worker has stopped. It then ends by itself.")
            .Produces<HealthResponse>()
            .ProducesProblems(503);
        health.MapGet("/ready", Ready)
            .WithName("Ready")
            .WithSummary("Whether this replica can answer correctly")
            .WithDescription("Red, with the reasons, while the model and the index are being loaded, when they could not be, and while shutting down. Not red for Postgres alone: a replica that has its copy answers without.")
            .Produces<HealthResponse>()
            .ProducesProblems(503);
    }

    private static async Task Live(HttpContext context, Readiness readiness, ProblemWriter writer)
    {
        if (readiness.LostAsync is { IsCompleted: true } lost)
        {
            await writer.WriteAsync(context, Problems.Lost(await lost.ConfigureAwait(false))).ConfigureAwait(false);
            return;
        }

        await context.Response.WriteAsJsonAsync(new HealthResponse("live"), WireJson.Options, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task Ready(HttpContext context, Readiness readiness, SnapshotSource snapshots, FurtherIndexes further, Problems problems, ProblemWriter writer)
    {
        if (readiness.Current.IsReady && snapshots.Status is { } status)
        {
            var answer = new HealthResponse("ready") { Model = status.Label, IndexEpoch = status.IndexEpoch, Note = Joined(readiness.CurrentNote, further.Note) };
            await context.Response.WriteAsJsonAsync(answer, WireJson.Options, context.RequestAborted).ConfigureAwait(false);
            return;
        }

        await writer.WriteAsync(context, problems.NotReady()).ConfigureAwait(false);
    }

    private static string? Joined(string? own, string? further) => own is null || further is null ? own ?? further : $"{own}; {further}";
}
