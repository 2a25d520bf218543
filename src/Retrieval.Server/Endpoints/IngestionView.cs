using Retrieval.Features.Sources;
using Retrieval.Server.Contracts;
using Retrieval.Server.Ingestions;

namespace Retrieval.Server.Endpoints;

/// <summary>Converts a run to its response.</summary>
internal static class IngestionView
{
    public static IngestionResponse Of(KnownRun run) => new(
        $"{run.Id:D}",
        StateOf(run.Standing),
        run.Message,
        run.Index,
        run.Source,
        run.Part,
        run.Parts,
        run.Worker,
        run.CancelRequested,
        run.FirstRow,
        run.NextRow,
        run.Uncommitted,
        run.TotalRows,
        run.Stored,
        run.Replaced,
        run.Skipped,
        run.Rejected,
        run.Captions,
        run.RowsPerSecond,
        run.Remaining?.TotalSeconds,
        run.StartedAt,
        run.UpdatedAt,
        run.EndedAt,
        [.. run.FirstRejects.Select(RejectOf)],
        run.Findings.Recognised,
        run.Findings.Warnings,
        [.. run.Findings.Reasons.Select(reason => new IngestionReason(reason.Count, RejectOf(reason.First)))]);

    private static IngestionReject RejectOf(RejectedSample reject) => new(reject.Source, reject.Row, reject.Id, reject.Reason);

    private static string StateOf(RunStanding standing) => standing switch
    {
        RunStanding.Running => "running",
        RunStanding.Completed => "completed",
        RunStanding.Cancelled => "cancelled",
        RunStanding.Failed => "failed",
        _ => "lost",
    };
}
