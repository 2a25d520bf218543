using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Scheduling;

/// <summary>The device takes no more work: the process ends, or its worker has failed for good.</summary>
public sealed class DeviceStoppedException(string reason, Exception? innerException = null) : RetrievalException(reason, innerException);
