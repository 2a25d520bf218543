using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Configuration;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Limits;

/// <summary>
/// Limits the number of concurrent requests, the queue before them, and the time of each. Requests that may have to wait for the
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
            limiter.AddConcurrencyLimiter(MetricsPolicy, concurrency => concurrency.PermitLimit = OwnPermits);
            limiter.AddConcurrencyLimiter(DocumentPolicy, concurrency => concurrency.PermitLimit = OwnPermits);

            void Add(string policy, int places, int queue) => limiter.AddConcurrencyLimiter(policy, concurrency =>
            {
                concurrency.PermitLimit = places;
                concurrency.QueueLimit = queue;
                concurrency.QueueProcessingOrder = QueueProcessingOrder.OldestFirst;
            });
        });
    }

    public static void UseLimits(this WebApplication app)
    {
        app.UseRequestTimeouts();
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

    public static RouteGroupBuilder RequireLimits(this RouteGroupBuilder group)
    {
        group.RequireRateLimiting(Policy).WithRequestTimeout(Policy);
        return group;
    }

    /// <summary>For endpoints that need the catalog, if there is one.</summary>
    public static TBuilder RequireWriteLimit<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.RequireRateLimiting(WritePolicy).WithMetadata(new NeedsCatalog());

    public static TBuilder RequireMetricsLimit<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.RequireRateLimiting(MetricsPolicy);

    public static TBuilder RequireDocumentLimit<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.RequireRateLimiting(DocumentPolicy);

    private static Task WriteAsync(HttpContext context, int status) =>
        context.RequestServices.GetRequiredService<ProblemWriter>().WriteAsync(context, status);
}
