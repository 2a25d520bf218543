using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Retrieval.Server.Configuration;
using Retrieval.Server.Contracts;

namespace Retrieval.Server.Errors;

/// <summary>Writes a problem as the whole answer.</summary>
internal sealed class ProblemWriter(LimitsOptions limits)
{
    /// <summary>Writes the problem of a status.</summary>
    public Task WriteAsync(HttpContext context, int status) => WriteAsync(context, Problems.OfStatus(status));

    /// <summary>Writes a problem with its status, and <c>Retry-After</c> where the request may be repeated.</summary>
    public Task WriteAsync(HttpContext context, Problem problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        AnswerHeaders.Set(response);
        if (problem.Retry)
        {
            response.Headers.RetryAfter = (problem.RetryAfterSeconds ?? limits.RetryAfterSeconds).ToString(CultureInfo.InvariantCulture);
        }

        // Not the request's token: a timeout has cancelled it, and its answer must be written all the same.
        var trace = Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;
        var body = JsonSerializer.SerializeToUtf8Bytes(problem with { TraceId = trace }, WireJson.Options);

        // In one piece and with its length: where the connection is closed behind it, no end of a last chunk is lost.
        response.ContentType = Problem.MediaType;
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body, CancellationToken.None).AsTask();
    }
}
