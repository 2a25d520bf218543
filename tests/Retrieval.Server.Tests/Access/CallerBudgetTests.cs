using Retrieval.Server.Limits.Callers;

namespace Retrieval.Server.Tests.Access;

public sealed class CallerBudgetTests
{
    [Fact]
    public void A_burst_is_let_through_and_what_follows_is_told_when_to_come_back()
    {
        using var budget = new CallerBudget(perSecond: 0.001, burstSeconds: 3000);

        Assert.Null(budget.Take(1));
        Assert.Null(budget.Take(2));
        var wait = budget.Take(1)!.Value;
        Assert.InRange(wait.TotalSeconds, 900, 1000);
        Assert.NotNull(budget.Take(1));
    }

    [Fact]
    public void A_request_above_the_burst_is_let_through_once_and_paid_for_by_the_next()
    {
        using var budget = new CallerBudget(perSecond: 0.01, burstSeconds: 1000);

        Assert.Null(budget.Take(50));
        Assert.InRange(budget.Take(1)!.Value.TotalSeconds, 4000, 4100);
    }

    [Theory]
    [InlineData(1e-300, 3600)]
    [InlineData(1e9, 3600)]
    [InlineData(1e-6, 0.1)]
    public void Any_rate_and_burst_can_be_counted_with(double perSecond, double burst)
    {
        using var budget = new CallerBudget(perSecond, burst);

        Assert.Null(budget.Take(long.MaxValue / 2));
        Assert.NotNull(budget.Take(1));
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.005)]
    public void A_debt_and_a_burst_that_was_taken_stay_when_the_rate_changes(double other)
    {
        var budgets = new CallerBudgets(burstSeconds: 1000);
        Assert.Null(budgets.Of("in debt", LimitKind.Pairs, 0.01).Take(50));
        var taken = 0;
        while (budgets.Of("without a burst", LimitKind.Pairs, 0.01).Take(1) is null)
        {
            taken++;
        }

        Assert.Equal(10, taken);
        Assert.InRange(budgets.Of("in debt", LimitKind.Pairs, other).Take(1)!.Value.TotalSeconds, 40.5 / other, 41 / other);
        Assert.NotNull(budgets.Of("without a burst", LimitKind.Pairs, other).Take(1));
        Assert.Equal(2, budgets.Count);
    }

    [Fact]
    public async Task Over_time_a_caller_gets_the_rate_whatever_its_requests_cost()
    {
        using var budget = new CallerBudget(perSecond: 20_000, burstSeconds: 0.1);
        var began = TimeProvider.System.GetTimestamp();
        var taken = 0L;
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(0.5))
        {
            foreach (var cost in new[] { 7, 1000, 9000 })
            {
                taken += budget.Take(cost) is null ? cost : 0;
            }

            await Task.Yield();
        }

        // The bucket, what came in meanwhile, and one debt.
        Assert.InRange(taken, 0, 2000 + (20_000 * TimeProvider.System.GetElapsedTime(began).TotalSeconds) + 9000);
    }

    [Fact]
    public void Any_number_of_names_takes_bounded_memory_and_frees_nobody_of_a_debt()
    {
        var budgets = new CallerBudgets(burstSeconds: 1000, most: 100);
        var debtor = budgets.Of("debtor", LimitKind.Pairs, 0.001);
        Assert.Null(debtor.Take(50));

        // Nobody took anything of these: a new one would be the same.
        for (var i = 0; i < 1000; i++)
        {
            _ = budgets.Of($"idle {i}", LimitKind.Pairs, 0.001);
        }

        Assert.InRange(budgets.Count, 1, 101);
        Assert.Same(debtor, budgets.Of("debtor", LimitKind.Pairs, 0.001));
        Assert.NotNull(budgets.Of("debtor", LimitKind.Pairs, 0.001).Take(1));
    }

    [Fact]
    public void Names_beyond_the_bound_share_a_budget()
    {
        var budgets = new CallerBudgets(burstSeconds: 1000, most: 3);
        for (var i = 0; i < 3; i++)
        {
            Assert.Null(budgets.Of($"caller {i}", LimitKind.Requests, 0.001).Take(1));
        }

        Assert.Null(budgets.Of("fourth", LimitKind.Requests, 0.001).Take(1));
        Assert.NotNull(budgets.Of("fifth", LimitKind.Requests, 0.001).Take(1));
        Assert.NotNull(budgets.Of("caller 1", LimitKind.Requests, 0.001).Take(1));
    }
}
