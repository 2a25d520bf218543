using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Devices;

/// <summary>A provider, its libraries or its device is missing or fails; nothing is computed on another device instead.</summary>
public sealed class DeviceException(string message, Exception? innerException = null) : RetrievalException(message, innerException);
