using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Access;

/// <summary>Answers requests that may not pass: 401 if nobody knows who sends it, 403 if the caller's role does not suffice.</summary>
internal sealed class AccessAnswers(AccessMetrics metrics, ProblemWriter writer) : IAuthorizationMiddlewareResultHandler
{
    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
        {
            return next(context);
        }

        if (authorizeResult.Forbidden)
        {
            metrics.Refused(AccessRefusal.Role);
            var role = context.GetEndpoint()?.Metadata.GetMetadata<TakesRole>()?.Role;
            return writer.WriteAsync(context, Problems.OtherRole(role is { } needed ? Roles.NameOf(needed) : null, Caller.Of(context)?.WithoutRoles));
        }

        var refusal = context.Features.Get<AccessRefusal>() ?? AccessRefusal.Missing;
        metrics.Refused(refusal.Reason);
        if (refusal.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = refusal == AccessRefusal.Missing ? "Bearer" : "Bearer error=\"invalid_token\"";
        }

        return writer.WriteAsync(context, Problems.Refused(refusal.Status, refusal.Detail) with { RetryAfterSeconds = refusal.RetryAfterSeconds });
    }
}
