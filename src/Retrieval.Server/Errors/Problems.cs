using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Retrieval.Domain.Errors;
using Retrieval.Inference;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Explaining;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Health;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Server.Errors;

/// <summary>
/// The only place where errors become HTTP responses. What is not meant for callers (paths, messages of the runtime, anything
/// unexpected) stays in the log under the trace id.
/// </summary>
internal sealed partial class Problems(Readiness readiness, ILogger<Problems> logger)
{
    private const int LongestEcho = 200;
    private const string Unencoded = ", text in UTF-8, without a content encoding";

    /// <summary>For a request that needs Postgres while it is unavailable.</summary>
    public static Problem CatalogAway { get; } = Of(503, "Postgres is unavailable and nothing can be written; searches continue");

    private static Problem SignInRefused { get; } = Of(503, "Postgres refuses this replica's sign-in, and nothing can be written until it is accepted; searches continue");

    /// <summary>For a request other than health that arrives when all connections are busy.</summary>
    public static Problem NoConnection { get; } = Of(503, "all connections of this server are at work; try again after the time in Retry-After");

    /// <summary>For a request to a host that this server does not answer for.</summary>
    public static Problem OtherHost { get; } = Of(400, "the Host header names a host that this server does not answer for; Http:AllowedHosts has those it does");

    /// <summary>For a request with a key in its address.</summary>
    public static Problem KeyInQuery { get; } = Of(400, "keys are not taken from the query string, where logs and browsers keep them; expected the header X-Api-Key or Authorization: Bearer. Revoke this key if others may have seen the address");

    /// <summary>For a caller who is not known.</summary>
    public static Problem Refused(int status, string detail) => Of(status, detail);

    /// <summary>For a caller who is known and may not do this.</summary>
    /// <param name="role">The role that may; null if none does.</param>
    /// <param name="why">Why the caller has no role at all; null if it has one.</param>
    public static Problem OtherRole(string? role, string? why) => Of(403, role is null ? "no role may do this" : $"{why ?? "the caller's roles do not include this"}; expected the role {role}");

    /// <summary>Converts an exception to a problem.</summary>
    public Problem Of(Exception exception) => exception switch
    {
        InvalidInputException invalid => Of(400, Shorten(invalid.Message)) with { Field = invalid.Field is null ? null : Shorten(invalid.Field) },
        AnswerTooLongException tooLong => Of(422, tooLong.Message) with { Field = tooLong.Field },
        NotFoundException missing => Of(404, $"unknown {missing.Kind} id '{Shorten(missing.Id)}'"),
        UnknownIndexException unknown => Of(404, $"unknown index '{Shorten(unknown.Name)}'; {unknown.Expected}") with { Field = "index" },
        FurtherIndexException further => Of(503, $"{further.Message}; /v1/model says why, and the index that is served answers"),
        DeadlineExceededException late => Of(504, late.Message),
        NoExplainerException none => Of(501, none.Message),
        NotReadyException => NotReady(),
        CallerLimitException limited => Of(429, limited.Message) with { RetryAfterSeconds = (int)Math.Max(1, Math.Ceiling(limited.RetryAfter.TotalSeconds)) },
        OverloadedException overloaded => OfStatus(429) with { RetryAfterSeconds = (int)Math.Ceiling(overloaded.RetryAfter.TotalSeconds) },
        DeviceStoppedException => NotReady(),
        InferenceException { DeviceFault: true } fault => DeviceFailed(fault),
        PictureException picture => Of(picture.Unreadable ? 422 : 404, picture.Message),
        FeatureShapeException shape => Of(422, shape.Message) with { Field = "features" },
        ForbiddenException forbidden => Of(403, forbidden.Message),
        ConflictException conflict => Of(409, conflict.Message),
        CatalogUnavailableException { SignInRefused: true } => SignInRefused,
        CatalogUnavailableException => CatalogAway,
        CatalogException { Fault: not CatalogFault.Other } refused => OfFault(refused.Fault),
        IndexLockedException => Of(409, "an ingestion is writing to the index, which has one writer at a time; try again when it has ended"),
        IndexWriteException { DiskFull: true } => Of(507, "the disk of the index is full; nothing was changed"),
        ManifestLostException lost => Lost(lost),
        IndexCorruptException damaged => Damaged(damaged),
        DamagedDataException damaged => Damaged(damaged) with { Detail = $"{damaged.Message}; the log has more, and 'retrieval index verify' finds all of it", Field = damaged.Field },
        MediaTypeException other => Of(415, $"expected a body of the type {string.Join(" or ", other.Types)}{Unencoded}"),
        BadHttpRequestException refused => Refused(refused),
        _ => Failed(exception),
    };

    /// <summary>The problem for a status without an exception.</summary>
    public static Problem OfStatus(int status) => Of(status, status switch
    {
        400 => "the request is not valid HTTP",
        404 => "there is nothing under this path; the routes are listed in /openapi/v1.json",
        405 => "this path does not take this method; the Allow header lists those it takes",
        408 => "the request did not arrive in time",
        413 => "the body is longer than this server takes",
        414 => "the request line is longer than this server takes",
        415 => "expected a body of the type application/json, or application/x-npy where features are taken" + Unencoded,
        429 => "too many requests are waiting; try again after the time in Retry-After",
        431 => "the headers are longer than this server takes",
        505 => "this server speaks HTTP/1.0 and HTTP/1.1",
        504 => "the request took longer than this server lets a request take",
        >= 500 => "the server failed; its log has more under the trace id",
        _ => ReasonPhrases.GetReasonPhrase(status),
    });

    /// <summary>For a replica that cannot answer yet, or no longer can.</summary>
    public Problem NotReady() => Of(503, "this replica is not ready") with { Reasons = readiness.Current.Reasons };

    /// <summary>For a process that has to be started again.</summary>
    public static Problem Lost(string reason) => Of(503, "this process cannot compute any more and has to be started again") with { Reasons = [reason] };

    private static Problem OfFault(CatalogFault fault) => fault switch
    {
        CatalogFault.Forbidden => Of(403, "the database role of this replica may not write; give it the rights of ingestion, or send this to a replica that has them"),
        CatalogFault.DiskFull => Of(507, "Postgres has no room left on its disk; nothing was changed"),
        CatalogFault.SharedMemory => Of(503, "Postgres has too little shared memory; nothing was changed, try again later"),
        CatalogFault.Busy => Of(503, "timed out waiting for a lock in Postgres, for example of somebody who builds or drops an index; nothing was changed, try again later"),
        CatalogFault.Schema => Of(503, "the catalog's schema is not the one that this replica's version writes to; nothing was changed; bring both to one version (`retrieval index migrate`)"),
        CatalogFault.Taken => Of(409, "another run has this source; wait for it to end, or cancel it"),
        _ => Of(409, "the index that this replica serves is no longer in the catalog; it takes up another as soon as one is activated"),
    };

    private static Problem Of(int status, string detail) => new(ReasonPhrases.GetReasonPhrase(status), status, detail);

    private static Problem Refused(BadHttpRequestException refused) =>
        refused.StatusCode == 400 ? Of(400, Shorten(refused.Message)) : OfStatus(refused.StatusCode);

    // Not caused by the request, and the next attempt may succeed: worth retrying.
    private Problem DeviceFailed(InferenceException fault)
    {
        LogFailed(fault);
        return Of(503, "the device failed or ran out of memory in the batch that this request was part of; nothing was changed");
    }

    // Caused neither by the request nor by this program. Another replica may have an intact copy.
    private Problem Damaged(RetrievalException fault)
    {
        LogDamaged(fault.Message);
        return Of(503, "what this replica has stored of it is damaged; the log has more, and 'retrieval index verify' finds all of it");
    }

    // An operator has to act: retrying does not help until then.
    private Problem Lost(ManifestLostException fault)
    {
        LogDamaged(fault.Message);
        return Of(503, "the manifest of the index is lost or damaged, and nothing can be written until 'retrieval index repair' has rebuilt it; nothing was changed");
    }

    private Problem Failed(Exception exception)
    {
        LogFailed(exception);
        return OfStatus(500);
    }

    private static string Shorten(string text) => text.Length <= LongestEcho * 2 ? text : string.Concat(text.AsSpan(0, LongestEcho), " … ", text.AsSpan(text.Length - LongestEcho));

    [LoggerMessage(EventId = 1300, Level = LogLevel.Error, Message = "A request failed for a reason that is not the caller's")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(EventId = 1301, Level = LogLevel.Error, Message = "A request was refused because what is stored is damaged: {What}")]
    private partial void LogDamaged(string what);
}
