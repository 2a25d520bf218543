using Microsoft.AspNetCore.Http;
using Retrieval.Server.Access;
using Retrieval.Server.Configuration;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Limits.Callers;

/// <summary>
/// Limits requests and pairs of each caller, so that one cannot take what the others need. Callers of a server without keys are not
/// told apart and not limited here.
/// </summary>
internal sealed class CallerLimits(CallerOptions options, CallerMetrics metrics, IHttpContextAccessor contexts)
{
    private readonly CallerBudgets _budgets = new(options.BurstSeconds);

    /// <summary>Counts a request.</summary>
    /// <exception cref="CallerLimitException">The caller has no more requests.</exception>
    public void TakeRequest(HttpContext context)
    {
        if (Known(context) is { } caller)
        {
            metrics.Request(caller);
            Take(caller, LimitKind.Requests, caller.Key?.RequestsPerSecond ?? options.RequestsPerSecond, 1);
        }
    }

    /// <summary>Counts the work of the request that is being answered, if one is.</summary>
    /// <exception cref="CallerLimitException">The caller has no more pairs.</exception>
    public void TakePairs(long pairs)
    {
        if (contexts.HttpContext is { } context && Known(context) is { } caller)
        {
            metrics.Pairs(caller, pairs);
            Take(caller, LimitKind.Pairs, caller.Key?.PairsPerSecond ?? options.PairsPerSecond, pairs);
        }
    }

    /// <summary>The caller of the request that is being answered; null if none is, or where callers are not told apart.</summary>
    public string? NameOfCaller() => contexts.HttpContext is { } context ? NameOf(context) : null;

    /// <summary>The caller of a request; null where callers are not told apart.</summary>
    public static string? NameOf(HttpContext context) => Known(context)?.Label;

    private static Caller? Known(HttpContext context) => Caller.Of(context) is { Kind: not CallerKind.Anyone } caller ? caller : null;

    private void Take(Caller caller, LimitKind kind, double rate, long cost)
    {
        if (rate <= 0)
        {
            return;
        }

        if (_budgets.Of(caller.Label, kind, rate).Take(cost) is { } wait)
        {
            metrics.Limited(caller, kind);
            if (!options.DryRun)
            {
                throw new CallerLimitException(kind == LimitKind.Requests ? "request" : "pair", rate, wait);
            }
        }
    }
}

/// <summary>What is limited.</summary>
internal enum LimitKind
{
    /// <summary>Requests a second.</summary>
    Requests,

    /// <summary>Pairs a second.</summary>
    Pairs,
}
