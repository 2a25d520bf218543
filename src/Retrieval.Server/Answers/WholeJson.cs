using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Retrieval.Server.Contracts;

namespace Retrieval.Server.Answers;

/// <summary>
/// A short answer, written at once with its length. The request's token is not used: when a time limit passes just after the work was
/// done, a write that gives up would leave bytes in front of the problem that is written then.
/// </summary>
internal sealed class WholeJson<T>(T value, int status = StatusCodes.Status200OK) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value, WireJson.Options);
        httpContext.Response.StatusCode = status;
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        httpContext.Response.ContentLength = body.Length;
        return httpContext.Response.Body.WriteAsync(body, CancellationToken.None).AsTask();
    }
}
