using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Retrieval.Server.Errors;

/// <summary>Answers a request that ended in an exception.</summary>
internal sealed class ProblemHandler(Problems problems, ProblemWriter writer) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        await writer.WriteAsync(httpContext, problems.Of(exception)).ConfigureAwait(false);
        return true;
    }
}
