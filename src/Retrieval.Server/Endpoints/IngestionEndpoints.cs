using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Retrieval.Domain.Errors;
using Retrieval.Server.Access;
using Retrieval.Server.Answers;
using Retrieval.Server.Audit;
using Retrieval.Server.Contracts;
using Retrieval.Server.Ingestions;
using Retrieval.Server.Limits;
using Retrieval.Server.OpenApi;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Endpoints;

/// <summary>Starts, lists and cancels ingestions.</summary>
internal static class IngestionEndpoints
{
    public static void MapIngestions(this IEndpointRouteBuilder routes)
    {
        var ingestions = routes.MapGroup("/ingestions").RequireRole(Role.Ingest).RequireWriteLimit().WithTags("Ingestions");
        ingestions.MapPost("", Start)
            .AuditOfBody("ingestion.start", "source")
            .WithName("StartIngestion")
            .WithSummary("Ingests a source into the index that is served")
            .WithDescription("The source lies below a folder that the configuration names. The run continues in the background, at `Location`; one run at a time per index. A run that ended early is gone on with by sending the same again.")
            .Accepts<IngestionRequest>("application/json")
            .WithExample("""{ "source": { "folder": "flickr30k", "split": "test" } }""")
            .Produces<IngestionResponse>(202)
            .ProducesProblems(400, 403, 409, 413, 415, 429, 503, 504, 507);
        ingestions.MapGet("", List)
            .WithName("ListIngestions")
            .WithSummary("The latest runs")
            .WithDescription("With a catalog, those of all replicas and jobs; without one, those of this process.")
            .Produces<IngestionsResponse>()
            .ProducesProblems(429, 503, 504);
        ingestions.MapGet("/{id}", Get)
            .WithName("GetIngestion")
            .WithSummary("One run, with its first refused rows")
            .WithDescription("How far it has come, at what rate, and why it ended, where it has.")
            .Produces<IngestionResponse>()
            .ProducesProblems(404, 429, 503, 504);
        ingestions.MapDelete("/{id}", Cancel)
            .Audit("ingestion.cancel", context => $"run {RawPath.IdOf(context)}")
            .WithName("CancelIngestion")
            .WithSummary("Asks a run to end")
            .WithDescription("The run stops after the current batch has been committed, on whichever replica it is running. A run that has ended is left as it is.")
            .Produces<IngestionResponse>()
            .Produces<IngestionResponse>(202)
            .ProducesProblems(403, 404, 429, 503, 504);
    }

    private static async Task<IResult> Start(HttpContext context, RequestReader reader, IngestionRunner runner, CancellationToken cancellationToken)
    {
        var order = IngestionOrder.Of(reader.Read<IngestionRequest>(context));
        context.AuditTarget(order.Name);
        var run = await runner.StartAsync(order, cancellationToken).ConfigureAwait(false);
        context.AuditTarget($"run {run.Id:D}: {run.Source}");
        context.Response.Headers.Location = $"/v1/ingestions/{run.Id:D}";
        return Answer(run, StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> List(IRunRegistry registry, CancellationToken cancellationToken) =>
        new WholeJson<IngestionsResponse>(new IngestionsResponse([.. (await registry.ListAsync(cancellationToken).ConfigureAwait(false)).Select(IngestionView.Of)]));

    private static async Task<IResult> Get(string id, IRunRegistry registry, CancellationToken cancellationToken) =>
        Answer(await registry.FindAsync(IdOf(id), cancellationToken).ConfigureAwait(false) ?? throw Unknown(id), StatusCodes.Status200OK);

    private static async Task<IResult> Cancel(string id, IngestionRunner runner, CancellationToken cancellationToken)
    {
        var run = await runner.CancelAsync(IdOf(id), cancellationToken).ConfigureAwait(false) ?? throw Unknown(id);
        return Answer(run, run.Standing == RunStanding.Running ? StatusCodes.Status202Accepted : StatusCodes.Status200OK);
    }

    private static WholeJson<IngestionResponse> Answer(KnownRun run, int status) => new(IngestionView.Of(run), status);

    private static Guid IdOf(string id) => Guid.TryParseExact(id, "D", out var found) ? found : throw Unknown(id);

    private static NotFoundException Unknown(string id) => new("ingestion", id);
}
