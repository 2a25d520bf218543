using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Retrieval.Server.Configuration;
using Retrieval.Server.Contracts;

namespace Retrieval.Server.Errors;

/// <summary>Writes a problem as the complete answer.</summary>
internal sealed class ProblemWriter(LimitsOptions limits)
{
    /// <summary>Writes the problem of a status.</summary>
    public Task WriteAsync(HttpContext context, int status) => WriteAsync(context, Problems.OfStatus(status));

    /// <summary>Writes a problem with its status, and with <c>Retry-After</c> if the request may be repeated.</summary>
    public Task WriteAsync(HttpContext context, Problem problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        AnswerHeaders.Set(response);
        if (problem.Retry)
        {
            response.Headers.RetryAfter = (problem.RetryAfterSeconds ?? limits.RetryAfterSeconds).ToString(CultureInfo.InvariantCulture);
        }

        // Not the request's token: after a timeout it is cancelled, and the answer must be written nevertheless.
        var trace = Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;
        var body = JsonSerializer.SerializeToUtf8Bytes(problem with { TraceId = trace }, WireJson.Options);

        // Written at once and with its length: if the connection is closed after it, no final chunk can be lost.
        response.ContentType = Problem.MediaType;
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body, CancellationToken.None).AsTask();
    }
}
