using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Configuration;
using Retrieval.Server.Errors;
using Retrieval.Server.Limits.Callers;

namespace Retrieval.Server.Limits;

/// <summary>
/// Limits the number of concurrent requests, the queue before them, and the time of each. Callers share each kind of permit
/// (<see cref="SharedPermits"/>). Requests that may have to wait for the
/// catalog have their own permits, so that searches continue in the meantime; so do metrics and the API's document, so that they
/// answer when the rest cannot, and cannot crowd it out. Health is exempt.
/// </summary>
internal static class LimitRegistration
{
    private const string Policy = "queries";
    private const string WritePolicy = "writes";
    private const string MetricsPolicy = "metrics";
    private const string DocumentPolicy = "document";
    private const int OwnPermits = 4;

    // No key or token has this name: they are not empty.
    private const string Nobody = "";

    public static void AddLimits(this IServiceCollection services, LimitsOptions limits)
    {
        services.AddRequestTimeouts(timeouts => timeouts.AddPolicy(Policy, new RequestTimeoutPolicy
        {
            Timeout = TimeSpan.FromSeconds(limits.RequestTimeoutSeconds),
            TimeoutStatusCode = StatusCodes.Status504GatewayTimeout,
            WriteTimeoutResponse = context => WriteAsync(context, StatusCodes.Status504GatewayTimeout),
        }));
        services.AddRateLimiter(limiter =>
        {
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.OnRejected = (rejected, _) => new ValueTask(WriteAsync(rejected.HttpContext, StatusCodes.Status429TooManyRequests));
            Add(Policy, limits.Concurrent, limits.Queue);
            Add(WritePolicy, limits.WriteConcurrent, limits.WriteQueue);
            Add(MetricsPolicy, OwnPermits, 0);
            Add(DocumentPolicy, OwnPermits, 0);

            void Add(string policy, int most, int queue)
            {
                var permits = new SharedPermits(most, queue);
                limiter.AddPolicy(policy, context => RateLimitPartition.Get(
                    CallerLimits.NameOf(context) ?? Nobody, caller => new CallerPermits(permits, caller == Nobody ? null : caller, TimeProvider.System)));
            }
        });
    }

    public static void UseLimits(this WebApplication app)
    {
        app.UseRequestTimeouts();
        app.UseMiddleware<UnreadAnswers>();
        app.Use(async (context, next) =>
        {
            await next(context).ConfigureAwait(false);

            // The limiter returns silently when a request is cancelled in the queue; a timeout there is a 504 like any other.
            if (!context.Response.HasStarted)
            {
                context.RequestAborted.ThrowIfCancellationRequested();
            }
        });
        app.UseWithDeadline(limited => limited.UseRateLimiter());
        app.UseCatalogGate();
    }

    /// <summary>
    /// Runs both before and after the body is received and the permit is taken. Before: no caller sends a long body or waits for a
    /// permit only to be told that Postgres is unavailable. After: a request that was already waiting is refused as well.
    /// </summary>
    public static void UseCatalogGate(this WebApplication app) => app.UseMiddleware<CatalogGate>();

    public static RouteGroupBuilder RequireLimits(this RouteGroupBuilder group) => Limit(group, Policy);

    /// <summary>For endpoints that need the catalog, if there is one.</summary>
    public static TBuilder RequireWriteLimit<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.RequireRateLimiting(WritePolicy).WithMetadata(new NeedsCatalog());

    public static TBuilder RequireMetricsLimit<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => Limit(endpoint, MetricsPolicy);

    public static TBuilder RequireDocumentLimit<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => Limit(endpoint, DocumentPolicy);

    private static TBuilder Limit<TBuilder>(TBuilder endpoint, string policy)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoint.RequireRateLimiting(policy).WithRequestTimeout(Policy);
        return endpoint;
    }

    private static Task WriteAsync(HttpContext context, int status) =>
        context.RequestServices.GetRequiredService<ProblemWriter>().WriteAsync(context, status);
}
