using Retrieval.Search.Queries;
using Retrieval.Search.Telemetry;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Answers;

/// <summary>Result of one query of a batch request.</summary>
internal sealed class BatchItem
{
    /// <summary>The query was answered.</summary>
    public BatchItem(SearchAnswer answer) => (Answer, Stages) = (answer, answer.Stages);

    /// <summary>The query has no answer.</summary>
    public BatchItem(Problem problem) => (Problem, Stages) = (problem, []);

    public SearchAnswer? Answer { get; private set; }

    public Problem? Problem { get; private set; }

    public IReadOnlyList<StageTime> Stages { get; }

    /// <summary>Replaces the answer with a problem.</summary>
    public void GiveUp(Problem problem)
    {
        Answer?.Dispose();
        (Answer, Problem) = (null, problem);
    }
}
